/* Presence documents, both ways: what is kept of what is published, and bodies
 * of those who mean harm. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/xccos/limits.h"
#include "proto/xccos/roaming.h"

#define RICH "http://schemas.microsoft.com/2006/09/sip/rich-presence"
#define LIST "http://schemas.microsoft.com/2010/12/sip/propertyList"

struct read {
    struct arena *arena;
    struct slice uri;
    struct roaming_item *items;
};

static enum xccos_error publish(struct read *read, const char *body)
{
    read->arena = arena_new(1024);
    read->items = NULL;
    return roaming_read_publish(slice_of_text(body), read->arena, &read->uri,
                                &read->items);
}

#define BODY(items)                                                            \
    "<publish xmlns=\"" RICH "\" xmlns:p=\"" LIST "\">"                        \
    "<publications uri=\"sip:a@b\">" items "</publications></publish>"

static void assert_text(struct slice text, const char *wanted)
{
    assert_int_equal(text.len, strlen(wanted));
    assert_memory_equal(text.data, wanted, text.len);
}

/* An item is read with its key and version; its content stands on its own. */
static void test_roaming_read_publish__as_lync_says_it(void **state)
{
    struct read read;

    (void)state;
    assert_int_equal(
        publish(&read,
                BODY("<publication categoryName=\"roomSetting\" "
                     "instance=\"1401\" container=\"1\" version=\"3\" "
                     "expireType=\"static\"><roomSetting>"
                     "<p:property name=\"url\">ma-chan://b/x</p:property>"
                     "<p:property name=\"name\">A &amp; B</p:property>"
                     "</roomSetting><more/></publication>"
                     "<publication categoryName=\"state\" expires=\"0\"/>")),
        XCCOS_ERROR_NONE);
    assert_text(read.uri, "sip:a@b");
    assert_text(read.items->category, "roomSetting");
    assert_int_equal(read.items->instance, 1401);
    assert_int_equal(read.items->container, 1);
    assert_int_equal(read.items->version, 3);
    assert_text(read.items->expire_type, "static");
    assert_false(read.items->remove);
    assert_text(read.items->url, "ma-chan://b/x");
    assert_text(read.items->name, "A & B");
    assert_text(read.items->xml,
                "<roomSetting xmlns=\"" RICH "\" xmlns:p=\"" LIST "\">"
                "<p:property name=\"url\">ma-chan://b/x</p:property>"
                "<p:property name=\"name\">A &amp; B</p:property>"
                "</roomSetting><more xmlns=\"" RICH "\"/>");
    assert_true(read.items->next->remove);
    assert_null(read.items->next->next);
    arena_free(read.arena);
}

/* What is written is read as it was, and content stays as it is however often
 * it goes round. */
static void test_roaming_write__reads_back(void **state)
{
    struct read first, second;
    struct buffer out = BUFFER_EMPTY;
    struct roaming_item *shown;

    (void)state;
    assert_int_equal(
        publish(&first, BODY("<publication categoryName=\"roomSetting\" "
                             "instance=\"7\" container=\"2\" version=\"1\">"
                             "<p:a b=\"&lt;\"/>text<c/></publication>")),
        XCCOS_ERROR_NONE);
    assert_int_equal(
        roaming_write_publish(&out, SLICE_LITERAL("sip:\"<a>@b"), first.items),
        XCCOS_ERROR_NONE);
    buffer_append(&out, "", 1);
    assert_int_equal(publish(&second, (const char *)out.data),
                     XCCOS_ERROR_NONE);
    assert_text(second.uri, "sip:\"<a>@b");
    assert_int_equal(second.items->container, 2);
    assert_true(slice_equal(first.items->xml, second.items->xml));
    buffer_clear(&out);
    assert_int_equal(roaming_begin(&out, second.uri), XCCOS_ERROR_NONE);
    assert_int_equal(roaming_add(&out, second.items), XCCOS_ERROR_NONE);
    roaming_end(&out);
    assert_int_equal(roaming_read(buffer_slice(&out), first.arena, &shown),
                     XCCOS_ERROR_NONE);
    assert_true(slice_equal(shown->xml, second.items->xml));
    assert_int_equal(shown->instance, 7);
    assert_int_equal(shown->version, 1);
    buffer_deinit(&out);
    arena_free(first.arena);
    arena_free(second.arena);
}

/* The body of a conflict, byte for byte. */
static void test_roaming_write_fault__is_golden(void **state)
{
    struct roaming_conflict conflicts[] = {{1, 0}, {3, 12}};
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    roaming_write_fault(&out, conflicts, 2);
    assert_text(buffer_slice(&out),
                "<Fault xmlns=\"http://schemas.microsoft.com/2006/09/sip/error/"
                "\"><Faultcode>Client.BadCall.WrongDelta</Faultcode><details>"
                "<operation index=\"1\" curVersion=\"0\"/>"
                "<operation index=\"3\" curVersion=\"12\"/></details></Fault>");
    buffer_deinit(&out);
}

/* Bodies that are none, or mean harm, are refused by what is wrong. */
static void test_roaming_read_publish__hostile(void **state)
{
    static const struct {
        const char *body;
        enum xccos_error error;
    } cases[] = {
        {"", XCCOS_ERROR_EMPTY},
        {"<publish xmlns=\"urn:x\"/>", XCCOS_ERROR_ROOT},
        {"<!DOCTYPE x [<!ENTITY y \"z\">]><publish/>", XCCOS_ERROR_DOCTYPE},
        {BODY("<publication/>"), XCCOS_ERROR_PUBLICATION},
        {BODY("<publication categoryName=\"x\" version=\"v\"/>"),
         XCCOS_ERROR_PUBLICATION},
        {BODY("<publication categoryName=\"x\" instance=\"-1\"/>"),
         XCCOS_ERROR_PUBLICATION},
        {BODY("<publication categoryName=\"x\"><a></publication>"),
         XCCOS_ERROR_NOT_WELL_FORMED},
        {BODY("<publication categoryName=\"x\"><q:a/></publication>"),
         XCCOS_ERROR_NOT_WELL_FORMED},
    };
    struct buffer deep = BUFFER_EMPTY;
    struct read read;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(publish(&read, cases[i].body), cases[i].error);
        assert_null(read.items);
        arena_free(read.arena);
    }
    buffer_append_text(&deep, "<publish xmlns=\"" RICH "\"><publications>"
                              "<publication categoryName=\"x\">");
    for (int i = 0; i < XCCOS_CARRIED_ELEMENTS_MAX + 1; i++) {
        buffer_append_text(&deep, "<a/>");
    }
    buffer_append_text(&deep, "</publication></publications></publish>");
    buffer_append(&deep, "", 1);
    assert_int_equal(publish(&read, (const char *)deep.data),
                     XCCOS_ERROR_CARRIED);
    arena_free(read.arena);
    buffer_deinit(&deep);
}

/* What is not said is none; what stands elsewhere is passed over. */
static void test_roaming_read_publish__says_little(void **state)
{
    struct read read;

    (void)state;
    assert_int_equal(publish(&read,
                             "<publish xmlns=\"" RICH "\"><other><publication "
                             "categoryName=\"x\"/></other><publications>"
                             "<thing/><publication categoryName=\"x\"/>"
                             "</publications></publish>"),
                     XCCOS_ERROR_NONE);
    assert_int_equal(read.uri.len, 0);
    assert_int_equal(read.items->version, 0);
    assert_int_equal(read.items->xml.len, 0);
    assert_null(read.items->next);
    arena_free(read.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roaming_read_publish__as_lync_says_it),
        cmocka_unit_test(test_roaming_write__reads_back),
        cmocka_unit_test(test_roaming_write_fault__is_golden),
        cmocka_unit_test(test_roaming_read_publish__hostile),
        cmocka_unit_test(test_roaming_read_publish__says_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

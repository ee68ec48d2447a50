/* In-band provisioning: the groups a client asks for, the document it gets. */
#include "proto/xccos/provisioning.h"

#include "tests/wire/wire.h"

#define ASK                                                                    \
    "<provisioningGroupList xmlns=\"http://schemas.microsoft.com/2006/09/sip/" \
    "provisioninggrouplist\">"
#define ASKED "</provisioningGroupList>"
#define TELL                                                                   \
    "<provisionGroupList xmlns=\"http://schemas.microsoft.com/2006/09/sip/"    \
    "provisiongrouplist-notification\">"
#define TOLD "</provisionGroupList>"

static struct provisioning_request read_request(const char *body)
{
    struct provisioning_request request = {false, 99};

    assert_int_equal(provisioning_read(slice_of_text(body), &request),
                     XCCOS_ERROR_NONE);
    return request;
}

/* The request of pidgin-sipe, and of clients that want less or other. */
static void test_provisioning_read__groups(void **state)
{
    struct provisioning_request request = read_request(
        ASK "\r\n <provisioningGroup name=\"ServerConfiguration\"/>"
            "<provisioningGroup name=\"meetingPolicy\"/>"
            "<provisioningGroup name=\"persistentChatConfiguration\"/>"
            "<provisioningGroup name=\"ucPolicy\"/>\r\n" ASKED);

    (void)state;
    assert_true(request.wants_chat);
    assert_int_equal(request.groups, 4);
    request = read_request(
        ASK "<provisioningGroup name=\"ucPolicy\"/>"
            "<provisioningGroup/><other/>"
            "<other><provisioningGroup "
            "name=\"persistentChatConfiguration\"/></other>" ASKED);
    assert_false(request.wants_chat);
    assert_int_equal(request.groups, 2);
    request = read_request(ASK ASKED);
    assert_false(request.wants_chat);
    assert_int_equal(request.groups, 0);
    request = read_request("");
    assert_true(request.wants_chat);
}

/* What is no request changes nothing and is named. */
static void test_provisioning_read__refuses(void **state)
{
    static const struct {
        const char *body;
        enum xccos_error error;
    } bodies[] = {
        {"groups please", XCCOS_ERROR_NOT_WELL_FORMED},
        {"<provisioningGroupList/>", XCCOS_ERROR_ROOT},
        {TELL TOLD, XCCOS_ERROR_ROOT},
        {"<!DOCTYPE x>" ASK ASKED, XCCOS_ERROR_DOCTYPE},
        {ASK, XCCOS_ERROR_NOT_WELL_FORMED},
        {ASK "\x01" ASKED, XCCOS_ERROR_CHARACTER},
    };
    struct provisioning_request request = {false, 99};

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(
            provisioning_read(slice_of_text(bodies[i].body), &request),
            bodies[i].error);
        assert_int_equal(request.groups, 99);
    }
}

static void assert_document(const struct provisioning_answer *answer,
                            const char *document)
{
    struct buffer out = BUFFER_EMPTY;

    assert_int_equal(provisioning_write(&out, answer), XCCOS_ERROR_NONE);
    wire_emit("provisioning", buffer_slice(&out));
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, document);
    buffer_deinit(&out);
}

/* The whole document, byte for byte. */
static void test_provisioning_write__all_properties(void **state)
{
    struct provisioning_answer answer = {
        .has_chat = true,
        .is_enabled = true,
        .pool_uri =
            SLICE_LITERAL("sip:GC-1-PersistentChatService-7@fjord.example"),
        .pool_uris = SLICE_LITERAL("sip:a@fjord.example sip:b@fjord.example"),
        .web_manager_internal = SLICE_LITERAL("https://in.example/RM?a=1&b=2"),
        .web_manager_external = SLICE_LITERAL("https://out.example/RM"),
    };

    (void)state;
    assert_document(&answer, TELL
                    "<provisionGroup name=\"persistentChatConfiguration\">"
                    "<propertyEntryList>"
                    "<property name=\"EnablePersistentChat\">true</property>"
                    "<property name=\"DefaultPersistentChatPoolUri\">"
                    "sip:GC-1-PersistentChatService-7@fjord.example</property>"
                    "<property name=\"PersistentChatPoolUris\">"
                    "sip:a@fjord.example sip:b@fjord.example</property>"
                    "<property name=\"PersistentChatWebManagerUriInt\">"
                    "https://in.example/RM?a=1&amp;b=2</property>"
                    "<property name=\"PersistentChatWebManagerUriExt\">"
                    "https://out.example/RM</property>"
                    "</propertyEntryList></provisionGroup>" TOLD);
}

/* Less: no web pages, chat switched off, or the group not asked for. */
static void test_provisioning_write__less(void **state)
{
    struct provisioning_answer answer = {
        .has_chat = true, .pool_uri = SLICE_LITERAL("sip:a@fjord.example")};

    (void)state;
    assert_document(&answer, TELL
                    "<provisionGroup name=\"persistentChatConfiguration\">"
                    "<propertyEntryList>"
                    "<property name=\"EnablePersistentChat\">false</property>"
                    "<property name=\"DefaultPersistentChatPoolUri\">"
                    "sip:a@fjord.example</property>"
                    "</propertyEntryList></provisionGroup>" TOLD);
    answer.has_chat = false;
    assert_document(&answer, TELL TOLD);
}

/* A setting XML cannot carry is an error, and nothing is written. */
static void test_provisioning_write__refuses(void **state)
{
    struct provisioning_answer answer = {.has_chat = true,
                                         .pool_uri = SLICE_LITERAL("sip:\x02")};
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(provisioning_write(&out, &answer), XCCOS_ERROR_CHARACTER);
    assert_int_equal(out.len, 0);
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_provisioning_read__groups),
        RUN(test_provisioning_read__refuses),
        RUN(test_provisioning_write__all_properties),
        RUN(test_provisioning_write__less),
        RUN(test_provisioning_write__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

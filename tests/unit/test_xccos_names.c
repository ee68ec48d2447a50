/* Names: the URIs of rooms, categories and pools, and the verbs. */
#include "tests/unit/test.h"

#include <string.h>

#include "proto/xccos/names.h"
#include "proto/xccos/verb.h"

#define GUID "3b0f6c52-91de-4d7a-8a44-5be2c1d07a10"

/* A room's URI is read and written byte for byte. */
static void test_xccos_room_uri__both_ways(void **state)
{
    struct arena *arena = arena_new(256);
    struct slice uri = SLICE_LITERAL("ma-chan://fjord.example/" GUID);
    struct xccos_name name;

    (void)state;
    assert_int_equal(xccos_room_uri_read(uri, &name), ERROR_NONE);
    assert_slice_text(name.domain, "fjord.example");
    assert_true(slice_equal(xccos_room_uri(arena, &name), uri));
    uri = SLICE_LITERAL("ma-cat://Fjord-2.example/" GUID);
    assert_int_equal(xccos_category_uri_read(uri, &name), ERROR_NONE);
    assert_slice_text(name.domain, "Fjord-2.example");
    assert_true(slice_equal(xccos_category_uri(arena, &name), uri));
    arena_free(arena);
}

/* There is no second way to write a name: what perch would not issue names
 * nothing. */
static void test_xccos_room_uri_read__refuses_other_spellings(void **state)
{
    static const char *const uris[] = {
        "",
        "ma-chan://",
        "ma-chan:///" GUID,
        "ma-chan://fjord.example/",
        "ma-chan://fjord.example",
        "ma-chan://fjord.example/" GUID " ",
        " ma-chan://fjord.example/" GUID,
        "MA-CHAN://fjord.example/" GUID,
        "ma-cat://fjord.example/" GUID,
        "ma-chan:/fjord.example/" GUID,
        "ma-chan://fjord.example//" GUID,
        "ma-chan://fjord.example/x/" GUID,
        "ma-chan://fjord.example/3B0F6C52-91de-4d7a-8a44-5be2c1d07a10",
        "ma-chan://fjord.example/3b0f6c52-91de-4d7a-8a44-5be2c1d07a1",
        "ma-chan://fjord.example/3b0f6c5291de4d7a8a445be2c1d07a10aaaa",
        "ma-chan://fjord..example/" GUID,
        "ma-chan://.example/" GUID,
        "ma-chan://example./" GUID,
        "ma-chan://fj rd.example/" GUID,
        "ma-chan://fj\xc3\xb8rd.example/" GUID,
        "ma-chan://a@b/" GUID,
    };
    struct xccos_name name;

    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        assert_int_equal(xccos_room_uri_read(slice_of_text(uris[i]), &name),
                         ERROR_MALFORMED);
    }
    assert_int_equal(xccos_category_uri_read(
                         SLICE_LITERAL("ma-chan://fjord.example/" GUID), &name),
                     ERROR_MALFORMED);
}

/* The longest domain fits, one byte more does not. */
static void test_xccos_domain_is_valid__length(void **state)
{
    char domain[XCCOS_DOMAIN_BYTES_MAX + 2];
    struct arena *arena = arena_new(1024);
    struct xccos_name name = {.domain = slice_of(domain, 253)};
    struct slice uri;

    (void)state;
    memset(domain, 'a', sizeof(domain));
    assert_true(xccos_domain_is_valid(slice_of(domain, 253)));
    assert_false(xccos_domain_is_valid(slice_of(domain, 254)));
    assert_false(xccos_domain_is_valid(SLICE_NONE));
    uri = xccos_room_uri(arena, &name);
    assert_int_equal(uri.len, XCCOS_NAME_URI_BYTES_MAX);
    assert_int_equal(xccos_room_uri_read(uri, &name), ERROR_NONE);
    arena_free(arena);
}

/* The URI that clients fall back to. */
static void test_xccos_fallback_uri__of_a_domain(void **state)
{
    struct arena *arena = arena_new(256);

    (void)state;
    assert_slice_text(xccos_fallback_uri(arena, SLICE_LITERAL("fjord.example")),
                      "sip:ocschat@fjord.example");
    arena_free(arena);
}

/* Every verb is found by its name, and no two are called the same. */
static void test_xccos_verb_find__whole_table(void **state)
{
    (void)state;
    for (int verb = 1; verb < XCCOS_VERB_COUNT; verb++) {
        const char *name = xccos_verb_name(verb);

        assert_true(strlen(name) > 0);
        assert_int_equal(xccos_verb_find(slice_of_text(name)), verb);
    }
    assert_string_equal(xccos_verb_name(XCCOS_VERB_UNKNOWN), "");
    assert_string_equal(xccos_verb_name(XCCOS_VERB_COUNT), "");
    assert_int_equal(xccos_verb_find(SLICE_NONE), XCCOS_VERB_UNKNOWN);
    assert_int_equal(xccos_verb_find(SLICE_LITERAL("joi")), 0);
    assert_int_equal(xccos_verb_find(SLICE_LITERAL("joins")), 0);
    assert_int_equal(xccos_verb_find(SLICE_LITERAL("nodemodify")),
                     XCCOS_VERB_CHANMODIFY);
}

/* An id without verb, or of another primitive, names none. */
static void test_xccos_verb_from_id__refuses(void **state)
{
    static const char *const ids[] = {"",        "c",         "cmd",
                                      "cmd:",    "cmdx:join", "rpl:join",
                                      "cmd:a b", "cmd:a-b",   "cmd:\xc3\xa6"};
    struct slice verb;

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_false(xccos_verb_from_id(slice_of_text(ids[i]),
                                        SLICE_LITERAL("cmd"), &verb));
    }
    assert_true(xccos_verb_from_id(SLICE_LITERAL("Cmd:X1"),
                                   SLICE_LITERAL("cmd"), &verb));
    assert_slice_text(verb, "X1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_room_uri__both_ways),
        RUN(test_xccos_room_uri_read__refuses_other_spellings),
        RUN(test_xccos_domain_is_valid__length),
        RUN(test_xccos_fallback_uri__of_a_domain),
        RUN(test_xccos_verb_find__whole_table),
        RUN(test_xccos_verb_from_id__refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

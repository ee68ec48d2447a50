#include "tests/unit/test.h"

#include "node/chat/text.h"

static enum text_fault check(const char *bytes, size_t len)
{
    uint64_t characters;

    return text_check(slice_of(bytes, len), &characters);
}

#define CHECK_TEXT(literal) check(literal, sizeof(literal) - 1)

/* Text is counted in code points of every plane, however many bytes each. */
static void test_text_check__counts_code_points(void **state)
{
    uint64_t characters = 0;

    (void)state;
    assert_int_equal(text_check(SLICE_LITERAL("a\xc3\xa4\xe2\x82\xac"
                                              "\xf0\x9f\x98\x80"
                                              "\xf4\x8f\xbf\xbf\t\r\n"),
                                &characters),
                     TEXT_FINE);
    assert_int_equal(characters, 8);
    assert_int_equal(text_check(SLICE_NONE, &characters), TEXT_FINE);
    assert_int_equal(characters, 0);
}

/* RFC 3629: overlong forms, surrogates, code points beyond U+10FFFF, stray
 * and missing continuation bytes are no UTF-8. */
static void test_text_check__refuses_what_is_no_utf8(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("\x80"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xc3"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xc3("), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xc0\xaf"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xe0\x80\xaf"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xf0\x80\x80\xaf"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xed\xa0\x80"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xf4\x90\x80\x80"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xf8\x88\x80\x80\x80"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("\xff"), TEXT_NOT_UTF8);
    assert_int_equal(CHECK_TEXT("ok\xe2\x82"), TEXT_NOT_UTF8);
}

/* XML 1.0 allows TAB, CR and LF of the control characters, and neither U+FFFE
 * nor U+FFFF; a post with one would make every later history unreadable. */
static void test_text_check__refuses_what_xml_does_not_allow(void **state)
{
    (void)state;
    assert_int_equal(CHECK_TEXT("a\0b"), TEXT_NOT_CHARACTER);
    assert_int_equal(CHECK_TEXT("\x1b[31m"), TEXT_NOT_CHARACTER);
    assert_int_equal(CHECK_TEXT("\xef\xbf\xbe"), TEXT_NOT_CHARACTER);
    assert_int_equal(CHECK_TEXT("\xef\xbf\xbf"), TEXT_NOT_CHARACTER);
    assert_int_equal(CHECK_TEXT("\xef\xbf\xbd\x7f"), TEXT_FINE);
    /* What is not even UTF-8 is told first. */
    assert_int_equal(CHECK_TEXT("\x01\xff"), TEXT_NOT_UTF8);
}

/* A name is one line; its length is in characters. */
static void test_text_check_line__is_one_line(void **state)
{
    struct slice two = SLICE_LITERAL("\xc3\xa4\xc3\xa4");

    (void)state;
    assert_int_equal(text_check_line(two, 2, OUTCOME_NAME_TOO_LONG),
                     OUTCOME_DONE);
    assert_int_equal(text_check_line(two, 1, OUTCOME_NAME_TOO_LONG),
                     OUTCOME_NAME_TOO_LONG);
    assert_int_equal(
        text_check_line(SLICE_LITERAL("a\nb"), 9, OUTCOME_NAME_TOO_LONG),
        OUTCOME_NAME_CHARACTER);
    assert_int_equal(
        text_check_line(SLICE_LITERAL("a\xff"), 9, OUTCOME_NAME_TOO_LONG),
        OUTCOME_NAME_CHARACTER);
}

/* Ids are visible ASCII, so that logs, XML and shells carry them unquoted. */
static void test_text_is_visible__takes_ascii_without_blanks(void **state)
{
    (void)state;
    assert_true(text_is_visible(SLICE_LITERAL("<urn:uuid:1>"), 12));
    assert_false(text_is_visible(SLICE_LITERAL("<urn:uuid:1>"), 11));
    assert_false(text_is_visible(SLICE_LITERAL("a b"), 9));
    assert_false(text_is_visible(SLICE_LITERAL("a\x7f"), 9));
    assert_false(text_is_visible(SLICE_LITERAL("\xc3\xa4"), 9));
    assert_false(text_is_visible(SLICE_NONE, 9));
}

/* A user is sip:name@domain and nothing more: a port or a parameter would make
 * two users of one. */
static void test_text_is_sip_uri__takes_user_and_domain(void **state)
{
    static const char *const good[] = {"sip:a@b", "SIP:A.b-c_d@Example.com",
                                       "sip:x+y=z%41@a.b.c"};
    static const char *const bad[] = {
        "",          "sip:",           "sip:@b",      "sip:a@",    "a@b",
        "sips:a@b",  "sip:a@b:5060",   "sip:a@b;x=y", "sip:a b@c", "sip:a@b@c",
        "sip:a@-b",  "sip:a@b-",       "sip:a@b..c",  "sip:a@.b",  "sip:a@b.",
        "sip:<a>@b", "sip:a\xc3\xa4@b"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(text_is_sip_uri(slice_of_text(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(text_is_sip_uri(slice_of_text(bad[i])));
    }
}

/* Domain labels have 1 to 63 characters, a domain up to 253. */
static void test_text_is_domain__bounds_labels_and_whole(void **state)
{
    char name[300];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_true(text_is_domain(slice_of(name, 63)));
    assert_false(text_is_domain(slice_of(name, 64)));
    for (int i = 49; i < 300; i += 50) {
        name[i] = '.';
    }
    assert_true(text_is_domain(slice_of(name, 253)));
    assert_false(text_is_domain(slice_of(name, 254)));
}

/* Case folds for ASCII letters alone: replicas with other Unicode tables must
 * agree. */
static void test_text_compare_nocase__folds_ascii_only(void **state)
{
    (void)state;
    assert_int_equal(
        text_compare_nocase(SLICE_LITERAL("TRADE"), SLICE_LITERAL("trade")), 0);
    assert_true(text_compare_nocase(SLICE_LITERAL("\xc3\x84"),
                                    SLICE_LITERAL("\xc3\xa4")) != 0);
    assert_true(text_compare_nocase(SLICE_LITERAL("Ab"), SLICE_LITERAL("abc")) <
                0);
    assert_true(text_compare_nocase(SLICE_LITERAL("Z"), SLICE_LITERAL("a")) >
                0);
    assert_true(text_contains_nocase(SLICE_LITERAL("The Trade Floor"),
                                     SLICE_LITERAL("tRADE f")));
    assert_false(
        text_contains_nocase(SLICE_LITERAL("Trade"), SLICE_LITERAL("trades")));
    assert_true(text_contains_nocase(SLICE_LITERAL("x"), SLICE_NONE));
}

/* Kept text is a copy; no text is NULL. */
static void test_text_new__copies(void **state)
{
    char bytes[] = "abc";
    struct text *text = text_new(slice_of_text(bytes));

    (void)state;
    bytes[0] = 'x';
    assert_slice_text(text_slice(text), "abc");
    text_replace(&text, SLICE_NONE);
    assert_null(text);
    assert_int_equal(text_slice(text).len, 0);
    text_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_text_check__counts_code_points),
        RUN(test_text_check__refuses_what_is_no_utf8),
        RUN(test_text_check__refuses_what_xml_does_not_allow),
        RUN(test_text_check_line__is_one_line),
        RUN(test_text_is_visible__takes_ascii_without_blanks),
        RUN(test_text_is_sip_uri__takes_user_and_domain),
        RUN(test_text_is_domain__bounds_labels_and_whole),
        RUN(test_text_compare_nocase__folds_ascii_only),
        RUN(test_text_new__copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

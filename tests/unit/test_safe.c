/* Nothing that others write acts on a terminal or breaks JSON, whatever bytes
 * it is made of. */
#include "ops/perch/safe.h"

#include <jansson.h>
#include <stdlib.h>

#include "ops/perch/events_json.h"
#include "tests/unit/test.h"

static size_t encode(uint32_t code, uint8_t *to)
{
    if (code < 0x80) {
        to[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (uint8_t)(0xc0 | code >> 6);
        to[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (uint8_t)(0xe0 | code >> 12);
        to[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | code >> 18);
    to[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

/* Every code point comes through as it is or as a visible stand-in; those that
 * act never as they are. */
static void test_safe_line__every_character(void **state)
{
    static const struct {
        uint32_t first, last;
    } acting[] = {
        {0, 0x1f},          {0x7f, 0x9f},
        {0x61c, 0x61c},     {0x200e, 0x200f},
        {0x2028, 0x202e},   {0x2066, 0x206f},
        {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
        {0xe0000, 0xe007f}, {0x110000, 0x110000},
    };
    struct buffer out = BUFFER_EMPTY;
    size_t at = 0;

    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        uint8_t bytes[4];
        size_t len = encode(code, bytes);
        bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
        bool is_acting;

        at += code > acting[at].last;
        is_acting = code >= acting[at].first;
        buffer_clear(&out);
        safe_line(&out, slice_of(bytes, len));
        if (is_acting || is_surrogate) {
            assert_int_equal(out.data[0], '\\');
        } else {
            assert_true(slice_equal(buffer_slice(&out), slice_of(bytes, len)));
        }
    }
    buffer_deinit(&out);
}

/* What is no UTF-8 is shown byte by byte, and what follows it is not lost. */
static void test_safe_line__broken(void **state)
{
    static const struct {
        const char *text, *shown;
    } texts[] = {
        {"\xff"
         "a",
         "\\xffa"},
        {"\xc3", "\\xc3"},
        {"\xc3("
         "b",
         "\\xc3(b"},
        {"\xe2\x82"
         "c",
         "\\xe2\\x82c"},
        {"\xc0\x9b", "\\xc0\\x9b"},
        {"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\x9b"
         "2J",
         "\\x9b2J"},
        {"a\033]0;b\007", "a\\x1b]0;b\\x07"},
    };
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buffer_clear(&out);
        safe_line(&out, slice_of_text(texts[i].text));
        assert_true(slice_equal_text(buffer_slice(&out), texts[i].shown));
    }
    buffer_deinit(&out);
}

/* Lines stay lines, each behind the margin; a lone CR is shown. */
static void test_safe_lines__margin(void **state)
{
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    safe_lines(&out, SLICE_LITERAL("a\r\nb\n\n\tc\rd"), "| ");
    assert_true(
        slice_equal_text(buffer_slice(&out), "a\n| b\n| \n|     c\\x0dd"));
    buffer_deinit(&out);
}

/* Random bytes: what is shown has no byte that acts, and JSON can be read
 * back. */
static void test_safe__random_bytes(void **state)
{
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    srand(7);
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[12];
        uint32_t code;
        json_t *text;
        size_t len;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)(rand() % 3 == 0 ? 0x80 | rand() : rand());
        }
        buffer_clear(&out);
        safe_line(&out, slice_of(bytes, sizeof(bytes)));
        for (struct slice left = buffer_slice(&out);
             (len = safe_character(left, &code)) > 0;
             left = slice_after(left, len)) {
            assert_true(code < SAFE_NO_CHARACTER);
            assert_true(code >= 0x20 && (code < 0x7f || code > 0x9f));
        }
        text = json_text(slice_of(bytes, sizeof(bytes)));
        assert_non_null(text);
        assert_non_null(json_string_value(text));
        json_decref(text);
    }
    buffer_deinit(&out);
}

/* JSON has a text as it is; only what is no UTF-8 is replaced. */
static void test_json_text__mended(void **state)
{
    json_t *text = json_text(SLICE_LITERAL("a\xff\xc3\xa9\n"));

    (void)state;
    assert_string_equal(json_string_value(text), "a\xef\xbf\xbd\xc3\xa9\n");
    json_decref(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safe_line__every_character),
        cmocka_unit_test(test_safe_line__broken),
        cmocka_unit_test(test_safe_lines__margin),
        cmocka_unit_test(test_safe__random_bytes),
        cmocka_unit_test(test_json_text__mended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What goes out comes back the same: texts of every kind, envelopes of every
 * shape; and what cannot go out is an error, not a broken body. */
#include "tests/wire/wire.h"

#include <string.h>

#include "proto/xccos/read.h"
#include "proto/xccos/text.h"
#include "proto/xccos/write.h"
#include "tests/wire/compose.h"

static struct xccos_message told(struct slice text)
{
    return (struct xccos_message){
        .room_uri = SLICE_LITERAL(TIDE_URI),
        .author = SLICE_LITERAL(TOMAS),
        .author_name = SLICE_LITERAL("Tomas Vik"),
        .alert = XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(7),
        .sent_at = XCCOS_MOMENT(1),
        .text = text,
    };
}

/* Write a message with this text as chat and as attribute; read it back. */
static void assert_text_returns(struct slice text)
{
    struct xccos_message message = told(text);
    struct arena *arena = arena_new(4096);
    struct buffer out = BUFFER_EMPTY;
    const struct xccos_message *back;

    message.author_name = slice_of(text.data, text.len > 4096 ? 0 : text.len);
    assert_int_equal(xccos_write_message(&out, 1, &message), XCCOS_ERROR_NONE);
    back = &wire_read(arena, buffer_slice(&out))->primitives->message;
    assert_int_equal(back->text.len, text.len);
    assert_true(slice_equal(back->text, text));
    assert_true(slice_equal(back->author_name, message.author_name));
    wire_emit("xccos", buffer_slice(&out));
    buffer_deinit(&out);
    arena_free(arena);
}

/* Markup, quotes, line ends of all systems, tabs, emoji, writing from the
 * right, and what looks like the end of CDATA come back as they were. */
static void test_xccos_write_message__nasty_texts(void **state)
{
    static const char *const texts[] = {
        "<>&\"'",
        "&lt;&amp;&#13;",
        "]]>",
        "<![CDATA[x]]>",
        "a\r\nb\rc\nd\te",
        "\r",
        "\n",
        "\t",
        " ",
        "  two  blanks  ",
        "\xf0\x9f\x98\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae"
        "abc\xe2\x80\xac \xd8\xa7\xd9\x87\xd9\x84\xd8\xa7",
        "\xe6\xbd\xae\xe4\xbd\x8d",
        "\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\x7f",
        "\xef\xbb\xbf"
        "bom",
        "<a href=\"http://x/?a=1&b=2\">x</a>",
        "</chat></grpchat></xccos>",
        "\xf4\x8f\xbf\xbd",
    };

    (void)state;
    assert_text_returns(SLICE_NONE);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_text_returns(slice_of_text(texts[i]));
    }
}

/* 8,000 characters come back, four bytes each and every one escaped too. */
static void test_xccos_write_message__long_texts(void **state)
{
    static const char *const units[] = {"x", "<", "\r", "\xf0\x9f\x98\x80"};
    static uint8_t text[8000 * 4];

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i]);

        for (size_t at = 0; at < 8000 * len; at += len) {
            memcpy(text + at, units[i], len);
        }
        assert_text_returns(slice_of(text, 8000 * len));
    }
}

static bool is_allowed(uint32_t c)
{
    return c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c <= 0xd7ff) ||
           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/* Every code point: those XML allows come back, in blocks as chat and as an
 * attribute; the others are refused by the check and by the writer. */
static void test_xccos_write_message__every_code_point(void **state)
{
    enum { BLOCK = 1024 };
    static uint8_t text[BLOCK * 4], alone[4];
    struct buffer out = BUFFER_EMPTY;
    size_t len = 0, in_block = 0, allowed = 0, characters;

    (void)state;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        if (in_block == BLOCK || c == 0x110000) {
            struct slice block = slice_of(text, len);

            assert_int_equal(xccos_text_check(block, &characters), 0);
            assert_int_equal(characters, in_block);
            assert_text_returns(block);
            allowed += in_block;
            len = in_block = 0;
        }
        if (is_allowed(c)) {
            len += put_character(text + len, c);
            in_block++;
        } else {
            struct xccos_message message =
                told(slice_of(alone, put_character(alone, c)));

            assert_int_not_equal(xccos_text_check(message.text, NULL), 0);
            assert_int_not_equal(xccos_write_message(&out, 1, &message), 0);
            assert_int_equal(out.len, 0);
        }
    }
    assert_int_equal(allowed, 0x110000 - 2048 - 2 - 29);
    buffer_deinit(&out);
}

/* A text that is no UTF-8 is told from one with a forbidden character, and
 * leaves the buffer as it was, whichever member has it. */
static void test_xccos_write__refuses_what_xml_cannot_carry(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        enum xccos_error error;
    } bad[] = {
        {"a\x01", 2, XCCOS_ERROR_CHARACTER},
        {"\0", 1, XCCOS_ERROR_CHARACTER},
        {"\xef\xbf\xbf", 3, XCCOS_ERROR_CHARACTER},
        {"\xff", 1, XCCOS_ERROR_UTF8},
        {"\xc3", 1, XCCOS_ERROR_UTF8},
        {"\xc0\x80", 2, XCCOS_ERROR_UTF8},
        {"\xed\xa0\x80", 3, XCCOS_ERROR_UTF8},
        {"\xf4\x90\x80\x80", 4, XCCOS_ERROR_UTF8},
        {"\x80", 1, XCCOS_ERROR_UTF8},
        {"\xe2\x82", 2, XCCOS_ERROR_UTF8},
        {"\xe2\x82"
         "a",
         3, XCCOS_ERROR_UTF8},
    };
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    buffer_append_text(&out, "before");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct slice text = slice_of(bad[i].text, bad[i].len);
        struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI)};
        struct xccos_primitive reply = {.kind = XCCOS_KIND_REPLY,
                                        .verb = XCCOS_VERB_CHANSRCH,
                                        .code = XCCOS_NUMBER(200),
                                        .data.rooms = &room};
        struct xccos_envelope envelope = {1, &reply, 1};
        struct xccos_message message = told(text);

        assert_int_equal(xccos_text_check(text, NULL), bad[i].error);
        assert_int_equal(xccos_write_message(&out, 1, &message), bad[i].error);
        room.name = text;
        assert_int_equal(xccos_write(&out, &envelope), bad[i].error);
        room.name = SLICE_NONE;
        reply.sentence = text;
        assert_int_equal(xccos_write(&out, &envelope), bad[i].error);
        reply.sentence = SLICE_NONE;
        reply.verb_text = text;
        assert_int_equal(xccos_write_primitive(&out, 1, &reply), bad[i].error);
        assert_slice_text(buffer_slice(&out), "before");
    }
    buffer_deinit(&out);
}

/* Random envelopes, of all structs and members: reading what was written
 * gives the same, and writing that again the same bytes. */
static void test_xccos_write__random_envelopes(void **state)
{
    enum { RUNS = 5000 };

    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct choices choices = {.state = seed};
        struct arena *arena = arena_new(16 * 1024);
        struct xccos_envelope *envelope = compose_envelope(&choices, arena);
        struct buffer out = BUFFER_EMPTY, again = BUFFER_EMPTY;
        struct xccos_envelope *back;
        const char *different;

        assert_int_equal(xccos_write(&out, envelope), XCCOS_ERROR_NONE);
        back = wire_read(arena, buffer_slice(&out));
        different = wire_difference(back, envelope);
        if (different != NULL) {
            fail_msg("seed %d: %s differs in %.*s", (int)seed, different,
                     SLICE_PRINT(buffer_slice(&out)));
        }
        assert_int_equal(xccos_write(&again, back), XCCOS_ERROR_NONE);
        assert_true(slice_equal(buffer_slice(&out), buffer_slice(&again)));
        buffer_deinit(&out);
        buffer_deinit(&again);
        arena_free(arena);
    }
}

/* The bound on a message in history holds and is close. */
static void test_xccos_message_bytes_max__holds(void **state)
{
    enum { RUNS = 2000 };

    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct choices choices = {.state = seed};
        struct arena *arena = arena_new(4096);
        struct xccos_message message = told(compose_text(&choices, arena, 200));
        struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI)};
        struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                         .verb = XCCOS_VERB_DELMSG,
                                         .data.rooms = &room};
        struct buffer without = BUFFER_EMPTY, with = BUFFER_EMPTY;
        size_t most, bytes;

        message.author_name = compose_text(&choices, arena, 20);
        message.message_id = XCCOS_NUMBER(UINT64_MAX);
        message.retry_id = SLICE_LITERAL("retry");
        message.carried_children = SLICE_LITERAL("<rtf/>");
        if (seed % 2 == 0) {
            message.story = XCCOS_FLAG_FALSE;
            message.state = XCCOS_MESSAGE_CORRECTED;
            message.reason = compose_text(&choices, arena, 20);
            message.changed_at = message.sent_at;
        }
        if (seed % 3 == 0) {
            message.csn = XCCOS_NUMBER(UINT64_MAX);
        }
        most = xccos_message_bytes_max(&message);
        assert_int_equal(xccos_write_primitive(&without, 1, &notice), 0);
        room.messages = &message;
        assert_int_equal(xccos_write_primitive(&with, 1, &notice), 0);
        bytes = with.len - without.len - strlen("></chanib>") + strlen("/>");
        assert_in_range(most, bytes, bytes + 100);
        buffer_deinit(&without);
        buffer_deinit(&with);
        arena_free(arena);
    }
}

/* Many primitives may stand in one envelope, in their order. */
static void test_xccos_write__several_primitives(void **state)
{
    struct arena *arena = arena_new(1024);
    struct xccos_primitive third = {
        .kind = XCCOS_KIND_MESSAGE, .seqid = 3, .message = told(SLICE_NONE)};
    struct xccos_primitive second = {.next = &third,
                                     .kind = XCCOS_KIND_NOTICE,
                                     .seqid = 2,
                                     .verb = XCCOS_VERB_KICK};
    struct xccos_primitive first = {.next = &second,
                                    .kind = XCCOS_KIND_COMMAND,
                                    .seqid = 1,
                                    .verb = XCCOS_VERB_REQURI};
    struct xccos_envelope envelope = {9, &first, 3};
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(xccos_write(&out, &envelope), XCCOS_ERROR_NONE);
    assert_null(
        wire_difference(wire_read(arena, buffer_slice(&out)), &envelope));
    wire_emit("invalid-xccos", buffer_slice(&out)); /* One in a body. */
    buffer_deinit(&out);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write_message__nasty_texts),
        RUN(test_xccos_write_message__long_texts),
        RUN(test_xccos_write_message__every_code_point),
        RUN(test_xccos_write__refuses_what_xml_cannot_carry),
        RUN(test_xccos_write__random_envelopes),
        RUN(test_xccos_message_bytes_max__holds),
        RUN(test_xccos_write__several_primitives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

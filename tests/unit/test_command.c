#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/command.h"

static struct slice write_post(struct buffer *to, const char *text)
{
    Perch__Post post = PERCH__POST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&post, text, slice_of_text(text));
    CODEC_SET_BYTES(&command, user, SLICE_LITERAL("sip:a@b"));
    CODEC_SET(&command, session, 5);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    command.post = &post;
    command_write(&command, to);
    return buffer_slice(to);
}

/* These bytes lie in logs and archives: field numbers and types are for ever.
 */
static void test_command_write__golden_bytes(void **state)
{
    static const uint8_t golden[] = {
        0x12, 7, 's',  'i', 'p', ':', 'a', '@', 'b', /* 2: user */
        0x18, 5,                                     /* 3: session */
        0x42, 4, 0x12, 2,   'h', 'i',                /* 8: post, 2: text */
    };
    struct buffer bytes = BUFFER_EMPTY;
    struct slice written = write_post(&bytes, "hi");

    (void)state;
    assert_int_equal(written.len, sizeof(golden));
    assert_memory_equal(written.data, golden, sizeof(golden));
    buffer_deinit(&bytes);
}

/* Every kind is known by its name, and none needs later rules than there are.
 */
static void test_command_kind_name__covers_the_list(void **state)
{
    int kinds = 0;

    (void)state;
#define COUNT_KIND(upper, lower, since)                                        \
    assert_string_equal(command_kind_name(PERCH__COMMAND__KIND_##upper),       \
                        #lower);                                               \
    assert_in_range(since, 1, COMMAND_RULES_KNOWN);                            \
    kinds += 1;
    COMMAND_KIND_LIST(COUNT_KIND)
#undef COUNT_KIND
    /* All fields of Command but the eight of the envelope are kinds. */
    assert_int_equal(kinds, perch__command__descriptor.n_fields - 8);
    assert_string_equal(command_kind_name(PERCH__COMMAND__KIND__NOT_SET),
                        "unknown");
}

/* A field that a kind was given later raises what the command needs, whether it
 * is a flag or a list, and is written so. */
static void test_command_needs_rules__of_later_fields(void **state)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData names[] = {codec_bytes(SLICE_LITERAL("sip:a@b"))};
    struct buffer bytes = BUFFER_EMPTY;

    (void)state;
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = &change;
    CODEC_SET(&change, if_version, 1);
    CODEC_SET_BYTES(&change, description, SLICE_LITERAL("d"));
    assert_int_equal(command_needs_rules(&command), 1);
    change.n_denied_remove = 1;
    change.denied_remove = names;
    assert_int_equal(command_needs_rules(&command), 2);
    change.n_denied_remove = 0;
    CODEC_SET(&change, everyone, false);
    assert_int_equal(command_needs_rules(&command), 2);
    CODEC_SET(&command, needs_rules, 7);
    assert_int_equal(command_needs_rules(&command), 7);
    command.has_needs_rules = 0;
    command_write(&command, &bytes);
    assert_int_equal(command.needs_rules, 2);
    command.has_needs_rules = 0;
    CODEC_SET_BYTES(&command, reason, SLICE_LITERAL("as agreed"));
    assert_int_equal(command_needs_rules(&command), 3);
    command.has_reason = 0;
    CODEC_SET(&command, credential, PERCH__CREDENTIAL__LOCAL);
    assert_int_equal(command_needs_rules(&command), 3);
    buffer_deinit(&bytes);
}

/* What is read is what was written; everything lies in the arena. */
static void test_command_read__gives_back_what_was_written(void **state)
{
    struct arena *arena = arena_new(1024);
    struct buffer bytes = BUFFER_EMPTY;
    Perch__Command *command = NULL;

    (void)state;
    assert_int_equal(command_read(arena, write_post(&bytes, "hello"), &command),
                     ERROR_NONE);
    buffer_deinit(&bytes);
    assert_int_equal(command->kind_case, PERCH__COMMAND__KIND_POST);
    assert_slice_text(codec_slice(command->user), "sip:a@b");
    assert_slice_text(codec_slice(command->post->text), "hello");
    assert_int_equal(command_needs_rules(command), 1);
    arena_free(arena);
}

/* Every cut and every changed byte is read or refused, never worse; a kind of
 * a later binary is read as none. */
static void test_command_read__stands_any_bytes(void **state)
{
    struct arena *arena = arena_new(1024);
    struct buffer bytes = BUFFER_EMPTY;
    struct slice whole = write_post(&bytes, "hello");
    Perch__Command *command = NULL;
    int refused = 0;

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        enum error error =
            command_read(arena, slice_of(whole.data, len), &command);

        assert_true(error == ERROR_NONE || error == ERROR_MALFORMED);
        refused += error != ERROR_NONE;
    }
    assert_true(refused > 10);
    for (size_t i = 0; i < 8 * whole.len; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        (void)command_read(arena, whole, &command);
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        arena_reset(arena);
    }
    assert_int_equal(
        command_read(arena, SLICE_LITERAL("\xfa\x3e\x00"), &command),
        ERROR_NONE); /* Field 1007. */
    assert_int_equal(command->kind_case, PERCH__COMMAND__KIND__NOT_SET);
    buffer_deinit(&bytes);
    arena_free(arena);
}

/* Once warm, reading takes no memory from the heap. */
static void test_codec_read__takes_nothing_but_the_arena(void **state)
{
    struct arena *arena = arena_new(4096);
    struct buffer bytes = BUFFER_EMPTY;
    struct slice whole = write_post(&bytes, "hello");
    Perch__Command *command = NULL;
    size_t warm = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        arena_reset(arena);
        assert_int_equal(command_read(arena, whole, &command), ERROR_NONE);
        assert_true(warm == 0 || arena_bytes(arena) == warm);
        warm = arena_bytes(arena);
    }
    buffer_deinit(&bytes);
    arena_free(arena);
}

/* A reset arena keeps one block of ordinary size and gives the rest back. */
static void test_arena_reset__keeps_one_block(void **state)
{
    struct arena *arena = arena_new(256);
    uint8_t *memory;

    (void)state;
    arena_reset(arena);
    assert_int_equal(arena_bytes(arena), 0);
    for (int i = 0; i < 100; i++) {
        memory = arena_alloc(arena, 100);
        memset(memory, 0xee, 100);
    }
    arena_reset(arena);
    assert_in_range(arena_bytes(arena), 256, 64 * 1024 + 256);
    memory = arena_alloc(arena, 100);
    assert_int_equal(memory[0] | memory[99], 0); /* Zeroed again. */
    assert_non_null(arena_alloc(arena, 1000000));
    arena_reset(arena);
    assert_int_equal(arena_bytes(arena), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_command_write__golden_bytes),
        RUN(test_command_kind_name__covers_the_list),
        RUN(test_command_needs_rules__of_later_fields),
        RUN(test_command_read__gives_back_what_was_written),
        RUN(test_command_read__stands_any_bytes),
        RUN(test_codec_read__takes_nothing_but_the_arena),
        RUN(test_arena_reset__keeps_one_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/tlog/submission.h"

#define HASH_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n"
#define NOTE   "example.com/log\n7\nAAAA\n\n\xe2\x80\x94 x eA==\n"

static enum error read_text(const char *text, struct submission *said)
{
    return submission_read(slice_of_text(text), said);
}

/* What is written is read again, to the byte. */
static void test_submission_read__what_was_written(void **state)
{
    struct submission said = {.old_size = 20852014, .n = 2}, again;
    struct buffer body = BUFFER_EMPTY;

    (void)state;
    memset(said.proof[0].bytes, 'A', MERKLE_HASH_BYTES);
    memset(said.proof[1].bytes, 0xfb, MERKLE_HASH_BYTES);
    said.checkpoint = SLICE_LITERAL(NOTE);
    submission_write(&body, &said);
    assert_int_equal(submission_read(buffer_slice(&body), &again), ERROR_NONE);
    assert_int_equal(again.old_size, said.old_size);
    assert_int_equal(again.n, 2);
    assert_memory_equal(again.proof, said.proof, 2 * sizeof(said.proof[0]));
    assert_true(slice_equal(again.checkpoint, said.checkpoint));
    buffer_deinit(&body);
}

/* The lines of the specification, and none that only look like them. */
static void test_submission_read__malformed(void **state)
{
    static const char *const wrong[] = {
        "",
        "old 1",
        "old 1\n",
        "old 1\n\n",
        "old\n\n" NOTE,
        "old 01\n\n" NOTE,
        "old -1\n\n" NOTE,
        "old  1\n\n" NOTE,
        "old 1 \n\n" NOTE,
        "old 1\r\n\r\n" NOTE,
        "old 9223372036854775808\n\n" NOTE,
        "old 99999999999999999999\n\n" NOTE,
        "Old 1\n\n" NOTE,
        "old 1\nQUFB\n\n" NOTE,
        /* Bits beyond the last byte are not zero. */
        "old 1\nQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF=\n\n" NOTE,
        /* 33 bytes. */
        "old 1\nQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n\n" NOTE,
        "old 1\n" HASH_A NOTE,
    };
    struct submission said;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (read_text(wrong[i], &said) != ERROR_MALFORMED) {
            fail_msg("taken: %s", wrong[i]);
        }
    }
    assert_int_equal(read_text("old 0\n\n" NOTE, &said), ERROR_NONE);
    assert_int_equal(said.n, 0);
    assert_int_equal(
        read_text("old 9223372036854775807\n" HASH_A "\n" NOTE, &said),
        ERROR_NONE);
    assert_int_equal(said.n, 1);
}

/* A proof has at most 63 hashes. */
static void test_submission_read__64_hashes(void **state)
{
    struct submission said;
    struct buffer body = BUFFER_EMPTY;

    (void)state;
    buffer_append_text(&body, "old 1\n");
    for (unsigned i = 0; i < 63; i++) {
        buffer_append_text(&body, HASH_A);
    }
    buffer_append_text(&body, "\n" NOTE);
    assert_int_equal(submission_read(buffer_slice(&body), &said), ERROR_NONE);
    buffer_clear(&body);
    buffer_append_text(&body, "old 1\n");
    for (unsigned i = 0; i < 64; i++) {
        buffer_append_text(&body, HASH_A);
    }
    buffer_append_text(&body, "\n" NOTE);
    assert_int_equal(submission_read(buffer_slice(&body), &said),
                     ERROR_TOO_LARGE);
    buffer_deinit(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_submission_read__what_was_written),
        RUN(test_submission_read__malformed),
        RUN(test_submission_read__64_hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

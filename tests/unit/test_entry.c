#include "tests/unit/test.h"

#include <string.h>

#include "proto/entry.h"

/* The layout is what proto/entry.h draws: these bytes lie in logs. */
static void test_entry_write__golden_bytes(void **state)
{
    static const uint8_t golden[40] = {
        1,    2,    0,    0,    3,    0,    0,    0, /* format, node, length */
        0x11, 0,    0,    0,    0,    0,    0,    0, /* epoch */
        0x22, 0,    0,    0,    0,    0,    0,    0, /* number */
        0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* sent at */
        'a',  'b',  'c',  0,    0,    0,    0,    0,
    };
    struct entry entry = {.origin_node = 2,
                          .origin_epoch = 0x11,
                          .number = 0x22,
                          .command = SLICE_LITERAL("abc")};
    uint8_t bytes[40];

    (void)state;
    assert_int_equal(entry_bytes(3), sizeof(bytes));
    memset(bytes, 0xee, sizeof(bytes));
    entry_write(bytes, &entry);
    entry_stamp(bytes, 0x0102030405060708);
    assert_memory_equal(bytes, golden, sizeof(golden));
}

/* Every length is a multiple of 8, as libraft needs it. */
static void test_entry_bytes__is_a_multiple_of_8(void **state)
{
    (void)state;
    for (size_t n = 0; n < 100; n++) {
        assert_int_equal(entry_bytes(n) % 8, 0);
        assert_true(entry_bytes(n) >= ENTRY_HEADER_BYTES + n);
    }
}

/* Reading gives back what was written, and one changed byte of the frame
 * around the command is seen. */
static void test_entry_read__refuses_what_is_no_entry(void **state)
{
    struct entry entry = {.origin_node = 255,
                          .origin_epoch = UINT64_MAX,
                          .number = 7,
                          .sent_at_us = -5,
                          .command = SLICE_LITERAL("hello")};
    struct entry back;
    uint8_t bytes[40];

    (void)state;
    entry_write(bytes, &entry);
    assert_int_equal(entry_read(slice_of(bytes, 40), &back), ERROR_NONE);
    assert_int_equal(back.origin_node, 255);
    assert_int_equal(back.origin_epoch, UINT64_MAX);
    assert_int_equal(back.number, 7);
    assert_int_equal(back.sent_at_us, -5);
    assert_slice_text(back.command, "hello");

    assert_int_equal(entry_read(slice_of(bytes, 31), &back), ERROR_TRUNCATED);
    assert_int_equal(entry_read(slice_of(bytes, 32), &back), ERROR_TRUNCATED);
    bytes[39] = 1; /* Padding. */
    assert_int_equal(entry_read(slice_of(bytes, 40), &back), ERROR_MALFORMED);
    bytes[39] = 0;
    bytes[0] = 2; /* Format. */
    assert_int_equal(entry_read(slice_of(bytes, 40), &back), ERROR_UNSUPPORTED);
    bytes[0] = 1;
    bytes[1] = 0; /* Node. */
    assert_int_equal(entry_read(slice_of(bytes, 40), &back), ERROR_MALFORMED);
    bytes[1] = 1;
    bytes[6] = 0xff; /* Length. */
    assert_int_equal(entry_read(slice_of(bytes, 40), &back), ERROR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_entry_write__golden_bytes),
        RUN(test_entry_bytes__is_a_multiple_of_8),
        RUN(test_entry_read__refuses_what_is_no_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

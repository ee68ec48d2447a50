#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/host.h"
#include "proto/base/journal.h"
#include "proto/base/time_text.h"

/* Every error has a name and a text of its own. */
static void test_error_name__covers_the_list(void **state)
{
    (void)state;
    for (int i = 0; i < ERROR_COUNT; i++) {
        assert_non_null(error_name(i));
        assert_true(strlen(error_text(i)) > 3);
    }
    assert_string_equal(error_name(ERROR_NO_SPACE), "NO_SPACE");
    assert_string_equal(error_name(ERROR_COUNT), "UNKNOWN");
    assert_int_equal(error_from_errno(ENOSPC), ERROR_NO_SPACE);
    assert_int_equal(error_from_errno(EPERM), ERROR_IO);
}

/* The other checksum is the one of .xz files, in one piece or two. */
static void test_checksum64_extend__known_answers(void **state)
{
    uint64_t half = checksum64_extend(0, "1234", 4);

    (void)state;
    assert_int_equal(checksum64_extend(0, "", 0), 0);
    assert_int_equal(checksum64_extend(0, "123456789", 9), 0x995dc9bbdf1939fa);
    assert_int_equal(checksum64_extend(half, "56789", 5), 0x995dc9bbdf1939fa);
}

/* The checksum is CRC32C as RFC 3720 B.4 lists it, in one piece or two. */
static void test_checksum_of__known_answers(void **state)
{
    uint8_t zeros[32] = {0}, rising[32];

    (void)state;
    for (int i = 0; i < 32; i++) {
        rising[i] = (uint8_t)i;
    }
    assert_int_equal(checksum_of("123456789", 9), 0xe3069283);
    assert_int_equal(checksum_of(zeros, 32), 0x8a9136aa);
    assert_int_equal(checksum_of(rising, 32), 0x46dd794e);
    assert_int_equal(checksum_extend(checksum_of(rising, 7), rising + 7, 25),
                     0x46dd794e);
}

/* Slices order as bytes do, a prefix first; ASCII case folds, the rest not. */
static void test_slice_compare__prefix_first(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")) < 0);
    assert_true(slice_compare(SLICE_LITERAL("b"), SLICE_LITERAL("abc")) > 0);
    assert_int_equal(slice_compare(SLICE_NONE, SLICE_NONE), 0);
    assert_true(
        slice_equal_nocase(SLICE_LITERAL("Sip:A@B"), SLICE_LITERAL("sip:a@b")));
    assert_false(slice_equal_nocase(SLICE_LITERAL("\xc3\x84"),
                                    SLICE_LITERAL("\xc3\xa4")));
    assert_false(slice_equal_nocase(SLICE_LITERAL("["), SLICE_LITERAL("{")));
}

/* A buffer grows, prints and gives bytes back from its front. */
static void test_buffer_printf__appends(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_append_text(&buffer, "room ");
    for (int i = 0; i < 1000; i++) {
        buffer_printf(&buffer, "%04d", i);
    }
    assert_int_equal(buffer.len, 5 + 4000);
    buffer_consume(&buffer, 5 + 3996);
    assert_slice_text(buffer_slice(&buffer), "0999");
    assert_false(buffer_failed(&buffer));
    buffer_deinit(&buffer);
    assert_null(buffer.data);
}

/* An arena hands out aligned zeroed memory, also more than a block holds. */
static void test_arena_alloc__is_aligned_and_zeroed(void **state)
{
    struct arena *arena = arena_new(64);
    uint8_t *big;

    (void)state;
    for (size_t i = 1; i < 200; i++) {
        uint8_t *memory = arena_alloc(arena, i);

        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(memory[j], 0);
        }
        memset(memory, 0xff, i);
    }
    big = arena_alloc(arena, 1024 * 1024);
    assert_non_null(big);
    assert_string_equal(arena_copy(arena, SLICE_LITERAL("abc")), "abc");
    assert_true(arena_bytes(arena) > 1024 * 1024);
    arena_free(arena);
}

/* Ids read back what was written, and nothing else is an id. */
static void test_guid_read__takes_36_characters_only(void **state)
{
    static const uint8_t random[GUID_BYTES] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 1, 0xff, 2, 0xff, 4, 5, 6, 7, 8, 9, 10};
    struct guid guid = guid_from_random(random), back;
    char text[GUID_TEXT_BYTES + 1];

    (void)state;
    guid_write(&guid, text);
    assert_string_equal(text, "ffffffff-ff01-4f02-bf04-05060708090a");
    assert_int_equal(guid_read(slice_of_text(text), &back), ERROR_NONE);
    assert_int_equal(guid_compare(&guid, &back), 0);
    assert_int_equal(
        guid_read(SLICE_LITERAL("FFFFFFFF-FF01-4F02-BF04-05060708090A"), &back),
        ERROR_NONE);
    assert_int_equal(guid_compare(&guid, &back), 0);
    text[8] = 'f';
    assert_int_equal(guid_read(slice_of_text(text), &back), ERROR_MALFORMED);
    assert_int_equal(guid_read(SLICE_LITERAL(""), &back), ERROR_MALFORMED);
}

/* Moments survive writing and reading; nonsense is refused. */
static void test_time_read__reads_what_was_written(void **state)
{
    char text[TIME_TEXT_BYTES + 1];
    int64_t back;

    (void)state;
    time_write(1928129469447183, text);
    assert_string_equal(text, "2031-02-06T07:31:09.4471830Z");
    assert_int_equal(time_read(slice_of_text(text), &back), ERROR_NONE);
    assert_int_equal(back, 1928129469447183);
    time_write(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.9999990Z");
    assert_int_equal(
        time_read(SLICE_LITERAL("1970-01-01T01:00:00+01:00"), &back),
        ERROR_NONE);
    assert_int_equal(back, 0);
    assert_int_equal(time_read(SLICE_LITERAL("1970-01-01T00:00:01"), &back),
                     ERROR_NONE);
    assert_int_equal(back, 1000000);
    assert_int_equal(time_read(SLICE_LITERAL("1970-02-30T00:00:01Z"), &back),
                     ERROR_MALFORMED);
    assert_int_equal(time_read(SLICE_LITERAL("1970-01-01T00:00:01."), &back),
                     ERROR_MALFORMED);
    assert_int_equal(time_read(SLICE_LITERAL("now"), &back), ERROR_MALFORMED);
}

/* Every tenth day of the calendar, at some time of the day, is written as the
 * C library writes it. */
static void test_time_write__agrees_with_the_c_library(void **state)
{
    char text[TIME_TEXT_BYTES + 1], expected[TIME_TEXT_BYTES + 1];
    time_t second = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
    int64_t back;
    struct tm utc;

    (void)state;
    for (; second <= INT64_C(253402300799); second += 10 * 86400 - 61) {
        assert_non_null(gmtime_r(&second, &utc));
        utc.tm_year += 1900;
        utc.tm_mon += 1;
        snprintf(expected, sizeof(expected),
                 "%04u-%02u-%02uT%02u:%02u:%02u.0000010Z",
                 (unsigned)utc.tm_year % 10000, (unsigned)utc.tm_mon % 100,
                 (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100,
                 (unsigned)utc.tm_min % 100, (unsigned)utc.tm_sec % 100);
        time_write((int64_t)second * 1000000 + 1, text);
        assert_string_equal(text, expected);
        assert_int_equal(time_read(slice_of_text(text), &back), ERROR_NONE);
        assert_int_equal(back, (int64_t)second * 1000000 + 1);
    }
}

/* What is read can be written: a zone that carries a moment out of the years
 * 0001 to 9999 is refused, their first and last seconds are not. */
static void test_time_read__zone_leaves_the_calendar(void **state)
{
    char text[TIME_TEXT_BYTES + 1];
    int64_t us = 7;

    (void)state;
    assert_int_equal(time_read(SLICE_LITERAL("0001-01-01T00:00:00+00:01"), &us),
                     ERROR_MALFORMED);
    assert_int_equal(time_read(SLICE_LITERAL("9999-12-31T23:59:00-00:01"), &us),
                     ERROR_MALFORMED);
    assert_int_equal(us, 7);
    assert_int_equal(time_read(SLICE_LITERAL("0001-01-01T00:01:00+00:01"), &us),
                     0);
    time_write(us, text);
    assert_string_equal(text, "0001-01-01T00:00:00.0000000Z");
    assert_int_equal(
        time_read(SLICE_LITERAL("9999-12-31T23:59:59.9999999Z"), &us), 0);
    time_write(us, text);
    assert_string_equal(text, "9999-12-31T23:59:59.9999990Z");
}

/* Keys order as numbers; records read back. */
static void test_put_be64__orders_as_numbers(void **state)
{
    uint8_t a[8], b[8];

    (void)state;
    put_be64(a, 255);
    put_be64(b, 256);
    assert_true(memcmp(a, b, 8) < 0);
    assert_int_equal(get_be64(b), 256);
    put_le32(a, 0x01020304);
    assert_int_equal(a[0], 4);
    assert_int_equal(get_le32(a), 0x01020304);
}

static char captured[JOURNAL_LINE_BYTES_MAX + 1];

static void capture(void *context, enum journal_level level, const char *line)
{
    (void)context;
    (void)level;
    snprintf(captured, sizeof(captured), "%s", line);
}

/* A value cannot forge a second line, and a long line ends in dots. */
static void test_journal_write__one_line(void **state)
{
    char big[4000];

    (void)state;
    journal_capture(capture, NULL);
    journal_notice("leader_elected", "node=%d why=\"%s\"", 2, "a\nb");
    assert_string_equal(captured,
                        "notice perch leader_elected node=2 why=\"a b\"");
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    journal_notice("big", "%s", big);
    assert_string_equal(captured + strlen(captured) - 4, "x...");
    strcpy(captured, "untouched");
    journal_debug("quiet", "below=the level");
    assert_string_equal(captured, "untouched");
    journal_capture(NULL, NULL);
}

/* Loopback is what an address says, never what a name may be looked up as. */
static void test_host_is_loopback__is_of_addresses(void **state)
{
    (void)state;
    assert_true(host_is_loopback("127.0.0.1"));
    assert_true(host_is_loopback("127.255.0.9"));
    assert_true(host_is_loopback("::1"));
    assert_false(host_is_loopback("128.0.0.1"));
    assert_false(host_is_loopback("::2"));
    assert_false(host_is_loopback("localhost"));
    assert_false(host_is_loopback("127.example.com"));
    assert_true(host_is_address("2001:db8::1"));
    assert_true(host_is_address("192.0.2.1"));
    assert_false(host_is_address("192.0.2.1:5060"));
    assert_false(host_is_address("node1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_error_name__covers_the_list),
        RUN(test_checksum_of__known_answers),
        RUN(test_checksum64_extend__known_answers),
        RUN(test_slice_compare__prefix_first),
        RUN(test_buffer_printf__appends),
        RUN(test_arena_alloc__is_aligned_and_zeroed),
        RUN(test_guid_read__takes_36_characters_only),
        RUN(test_time_read__reads_what_was_written),
        RUN(test_time_write__agrees_with_the_c_library),
        RUN(test_time_read__zone_leaves_the_calendar),
        RUN(test_put_be64__orders_as_numbers),
        RUN(test_journal_write__one_line),
        RUN(test_host_is_loopback__is_of_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "storage/keyspace.h"

#define PARTS(...) ((const uint64_t[KEY_PARTS_MAX]){__VA_ARGS__})

static void assert_key(enum table table, const uint64_t *parts,
                       const uint8_t *bytes, size_t len)
{
    struct key key;

    key_build(table, parts, &key);
    assert_int_equal(key.len, len);
    assert_memory_equal(key.bytes, bytes, len);
}

/* The layout of keys is on disk: these bytes never change. */
static void test_key_build__golden_bytes(void **state)
{
    static const uint8_t message[] = {0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 7};
    static const uint8_t session[] = {3, 0, 0, 0, 0, 0, 0, 0,   9,
                                      0, 0, 0, 0, 0, 0, 0, 0xff};
    static const uint8_t chunk[] = {2, 0, 0, 1, 0};
    static const uint8_t role[] = {0, 0, 0, 5, 1, 2, 3, 4};
    static const uint8_t memo[] = {1, 2, 3, 4, 5, 6, 7, 8};

    (void)state;
    assert_key(TABLE_MESSAGES, PARTS(0x102, 7), message, sizeof(message));
    assert_key(TABLE_SESSIONS, PARTS(3, 9, 255), session, sizeof(session));
    assert_key(TABLE_OUTCOMES, PARTS(2, 256), chunk, sizeof(chunk));
    assert_key(TABLE_ROLES, PARTS(5, 0x01020304), role, sizeof(role));
    assert_key(TABLE_RETRIES, PARTS(0x0102030405060708), memo, sizeof(memo));
    assert_key(TABLE_META, PARTS(META_POOL), (const uint8_t[]){3}, 1);
}

/* Every table's key comes back in numbers, as wide as they may be; one byte
 * less, or one more, is refused. */
static void test_key_read__gives_back_every_tables_parts(void **state)
{
    uint64_t back[KEY_PARTS_MAX];
    struct key key, again;

    (void)state;
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        key_build(table, PARTS(0, 0, 0), &key);
        memset(key.bytes, 0xff, key.len);
        assert_int_equal(key_read(table, key_slice(&key), back), ERROR_NONE);
        key_build(table, back, &again);
        assert_true(slice_equal(key_slice(&key), key_slice(&again)));
        assert_int_equal(key_read(table, SLICE_NONE, back), ERROR_TRUNCATED);
        key.len -= 1;
        assert_int_equal(key_read(table, key_slice(&key), back),
                         ERROR_TRUNCATED);
        key.len += 2;
        assert_int_equal(key_read(table, key_slice(&key), back),
                         ERROR_MALFORMED);
    }
    key_build(TABLE_MESSAGES, PARTS(12, 0x1112131415161718), &key);
    key_read(TABLE_MESSAGES, key_slice(&key), back);
    assert_int_equal(back[0], 12);
    assert_int_equal(back[1], 0x1112131415161718);
    assert_int_equal(back[2], 0);
}

static int order(enum table table, const uint64_t *a, const uint64_t *b)
{
    struct key x, y;

    key_build(table, a, &x);
    key_build(table, b, &y);
    return slice_compare(key_slice(&x), key_slice(&y));
}

/* Order in bytes is order in numbers, across every carry. */
static void test_key_build__orders_as_its_parts(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 64; bit++) {
        uint64_t n = (uint64_t)1 << bit;

        if (bit < 32) {
            assert_true(order(TABLE_MESSAGES, PARTS(n - 1, n), PARTS(n, 0)) <
                        0);
        }
        assert_true(order(TABLE_MESSAGES, PARTS(1, n - 1), PARTS(1, n)) < 0);
    }
}

/* A prefix and what comes after it enclose the rows of one room, and of no
 * other. */
static void test_key_prefix__encloses_its_rows(void **state)
{
    struct key lower, upper, key;

    (void)state;
    key_prefix(TABLE_MESSAGES, 1, PARTS(0x1ff), &lower);
    upper = lower;
    key_after(&upper);
    key_build(TABLE_MESSAGES, PARTS(0x1ff, UINT64_MAX), &key);
    assert_true(slice_compare(key_slice(&key), key_slice(&lower)) > 0);
    assert_true(slice_compare(key_slice(&key), key_slice(&upper)) < 0);
    key_build(TABLE_MESSAGES, PARTS(0x200, 0), &key);
    assert_true(slice_compare(key_slice(&key), key_slice(&upper)) >= 0);
}

/* After nothing but 0xff bytes comes the end of the table. */
static void test_key_after__carries(void **state)
{
    struct key key = {3, {1, 0xff, 0xff}};

    (void)state;
    key_after(&key);
    assert_int_equal(key.len, 1);
    assert_int_equal(key.bytes[0], 2);
    key = (struct key){2, {0xff, 0xff}};
    key_after(&key);
    assert_int_equal(key.len, 0);
}

/* A table's name is its column family's: it is on disk, in this order. */
static void test_table_name__never_changes(void **state)
{
    static const char *const names[] = {
        "meta",         "users",          "categories", "rooms",
        "roles",        "messages",       "sessions",   "origins",
        "outcomes",     "retries",        "endpoints",  "probes",
        "groups",       "memberships",    "revisions",  "holds",
        "publications", "reads",          "feeds",      "addins",
        "tombstones",   "administrators", "filters",    "records",
        "payloads",     "adapters",       "witnesses",
    };

    (void)state;
    assert_int_equal(TABLE_COUNT, sizeof(names) / sizeof(names[0]));
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        assert_string_equal(table_name(table), names[table]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_key_build__golden_bytes),
        RUN(test_key_read__gives_back_every_tables_parts),
        RUN(test_key_build__orders_as_its_parts),
        RUN(test_key_prefix__encloses_its_rows),
        RUN(test_key_after__carries),
        RUN(test_table_name__never_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

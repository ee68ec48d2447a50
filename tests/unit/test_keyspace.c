#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "storage/keyspace.h"

/* The layout of keys is on disk: these bytes never change. */
static void test_key_build__golden_bytes(void **state)
{
    static const uint8_t message[] = {0, 0, 0, 0, 0, 0, 1, 2,
                                      0, 0, 0, 0, 0, 0, 0, 7};
    static const uint8_t session[] = {3, 0, 0, 0, 0, 0, 0, 0,   9,
                                      0, 0, 0, 0, 0, 0, 0, 0xff};
    static const uint8_t chunk[] = {2, 0, 0, 1, 0};
    static const uint8_t retry[] = {'s', 'i', 'p', ':', 'a', 0, 0, 'r'};
    struct key key;

    (void)state;
    key_build(TABLE_MESSAGES, &(struct key_parts){.room = 0x102, .message = 7},
              &key);
    assert_int_equal(key.len, sizeof(message));
    assert_memory_equal(key.bytes, message, sizeof(message));
    key_build(TABLE_SESSIONS,
              &(struct key_parts){.node = 3, .epoch = 9, .serial = 255}, &key);
    assert_int_equal(key.len, sizeof(session));
    assert_memory_equal(key.bytes, session, sizeof(session));
    key_build(TABLE_OUTCOMES, &(struct key_parts){.node = 2, .chunk = 256},
              &key);
    assert_int_equal(key.len, sizeof(chunk));
    assert_memory_equal(key.bytes, chunk, sizeof(chunk));
    key_build(TABLE_RETRIES,
              &(struct key_parts){.user = SLICE_LITERAL("sip:a"),
                                  .id = SLICE_LITERAL("\0r")},
              &key);
    assert_int_equal(key.len, sizeof(retry));
    assert_memory_equal(key.bytes, retry, sizeof(retry));
}

/* Parts that fill every table's key, all different. */
static struct key_parts sample(void)
{
    return (struct key_parts){
        .room = 0x0102030405060708,
        .message = 0x1112131415161718,
        .epoch = 0x2122232425262728,
        .serial = UINT64_MAX,
        .chunk = 0x31323334,
        .meta = META_POOL,
        .node = 255,
        .role = 2,
        .guid = {"0123456789abcde"},
        .name = SLICE_LITERAL("history.days"),
        .user = SLICE_LITERAL("sip:alice@example.com"),
        .principal = SLICE_LITERAL("sip:bob@example.com"),
        .id = SLICE_LITERAL("an id\0with a zero"),
    };
}

/* Every table's key comes back in parts; one byte less, or one more where the
 * last part is fixed, is refused. */
static void test_key_read__gives_back_every_tables_parts(void **state)
{
    struct key_parts parts = sample(), back;
    struct key key, again;

    (void)state;
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        assert_int_equal(key_build(table, &parts, &key), ERROR_NONE);
        assert_int_equal(key_read(table, key_slice(&key), &back), ERROR_NONE);
        assert_int_equal(key_build(table, &back, &again), ERROR_NONE);
        assert_true(slice_equal(key_slice(&key), key_slice(&again)));
        assert_int_equal(key_read(table, SLICE_NONE, &back), ERROR_TRUNCATED);
    }
    key_build(TABLE_MESSAGES, &parts, &key);
    assert_int_equal(key_read(TABLE_MESSAGES, slice_of(key.bytes, 15), &back),
                     ERROR_TRUNCATED);
    key.len += 1;
    assert_int_equal(key_read(TABLE_MESSAGES, key_slice(&key), &back),
                     ERROR_MALFORMED);
    key_read(TABLE_ROLES, SLICE_NONE, &back);
    key_build(TABLE_ROLES, &parts, &key);
    assert_int_equal(key_read(TABLE_ROLES, key_slice(&key), &back), ERROR_NONE);
    assert_int_equal(back.role, 2);
    assert_true(slice_equal(back.principal, parts.principal));
    assert_int_equal(back.room, 0);
}

/* Text from outside never makes two rows' keys collide or overflow. */
static void test_key_build__refuses_texts_that_do_not_fit(void **state)
{
    uint8_t text[KEY_TEXT_BYTES_MAX + 1];
    struct key_parts parts = {.id = SLICE_LITERAL("id")};
    struct key key;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_INVALID);
    parts.user = slice_of(text, sizeof(text));
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_INVALID);
    parts.user.len -= 1;
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_NONE);
    parts.id = slice_of(text, KEY_ID_BYTES_MAX + 1);
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_INVALID);
    parts.id.len -= 1;
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_NONE);
    parts.id = SLICE_NONE;
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_INVALID);
    parts.id = SLICE_LITERAL("id");
    text[5] = 0;
    assert_int_equal(key_build(TABLE_RETRIES, &parts, &key), ERROR_INVALID);
    assert_int_equal(key_build(TABLE_USERS, &parts, &key), ERROR_INVALID);
}

/* Keys are as hostile as any bytes: a text without its end, an empty one. */
static void test_key_read__refuses_what_key_build_would_not_make(void **state)
{
    struct key_parts parts;

    (void)state;
    assert_int_equal(key_read(TABLE_RETRIES, SLICE_LITERAL("no end"), &parts),
                     ERROR_TRUNCATED);
    assert_int_equal(key_read(TABLE_RETRIES, SLICE_LITERAL("\0id"), &parts),
                     ERROR_MALFORMED);
    assert_int_equal(key_read(TABLE_RETRIES, SLICE_LITERAL("user\0"), &parts),
                     ERROR_TRUNCATED);
    assert_int_equal(key_read(TABLE_USERS, SLICE_LITERAL("us\0er"), &parts),
                     ERROR_MALFORMED);
}

static int order(enum table table, struct key_parts a, struct key_parts b)
{
    struct key x, y;

    assert_int_equal(key_build(table, &a, &x), ERROR_NONE);
    assert_int_equal(key_build(table, &b, &y), ERROR_NONE);
    return slice_compare(key_slice(&x), key_slice(&y));
}

/* Order in bytes is order in parts, across every carry of a number and with
 * one text the beginning of another. */
static void test_key_build__orders_as_its_parts(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 64; bit++) {
        uint64_t n = (uint64_t)1 << bit;

        assert_true(order(TABLE_MESSAGES,
                          (struct key_parts){.room = n - 1, .message = n},
                          (struct key_parts){.room = n}) < 0);
        assert_true(order(TABLE_MESSAGES,
                          (struct key_parts){.room = n, .message = n - 1},
                          (struct key_parts){.room = n, .message = n}) < 0);
    }
    assert_true(order(TABLE_RETRIES,
                      (struct key_parts){.user = SLICE_LITERAL("sip:a"),
                                         .id = SLICE_LITERAL("\xff")},
                      (struct key_parts){.user = SLICE_LITERAL("sip:ab"),
                                         .id = SLICE_LITERAL("a")}) < 0);
}

/* A prefix and what comes after it enclose the rows of one room, of one user,
 * and of no other. */
static void test_key_prefix__encloses_its_rows(void **state)
{
    struct key_parts parts = {.room = 0x1ff, .message = UINT64_MAX};
    struct key lower, upper, key;

    (void)state;
    assert_int_equal(key_prefix(TABLE_MESSAGES, 1, &parts, &lower), ERROR_NONE);
    upper = lower;
    key_after(&upper);
    key_build(TABLE_MESSAGES, &parts, &key);
    assert_true(slice_compare(key_slice(&key), key_slice(&lower)) > 0);
    assert_true(slice_compare(key_slice(&key), key_slice(&upper)) < 0);
    parts = (struct key_parts){.room = 0x200};
    key_build(TABLE_MESSAGES, &parts, &key);
    assert_true(slice_compare(key_slice(&key), key_slice(&upper)) >= 0);

    parts = (struct key_parts){.user = SLICE_LITERAL("sip:a"),
                               .id = SLICE_LITERAL("x")};
    assert_int_equal(key_prefix(TABLE_RETRIES, 1, &parts, &lower), ERROR_NONE);
    assert_slice_text(key_slice(&lower), "sip:a\0");
    parts.user = SLICE_LITERAL("sip:ab");
    key_build(TABLE_RETRIES, &parts, &key);
    key_after(&lower);
    assert_true(slice_compare(key_slice(&key), key_slice(&lower)) > 0);
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
        "meta",     "settings", "users",     "categories",   "rooms",
        "roles",    "messages", "sessions",  "participants", "origins",
        "outcomes", "retries",  "endpoints",
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
        RUN(test_key_build__refuses_texts_that_do_not_fit),
        RUN(test_key_read__refuses_what_key_build_would_not_make),
        RUN(test_key_build__orders_as_its_parts),
        RUN(test_key_prefix__encloses_its_rows),
        RUN(test_key_after__carries),
        RUN(test_table_name__never_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

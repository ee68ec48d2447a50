#include "tests/unit/test.h"

#include <string.h>

#include "proto/tlog/tile.h"

/* Paths are those of C2SP's examples, and of every length they can have. */
static void test_tile_path__written(void **state)
{
    static const struct {
        int level;
        uint64_t index;
        unsigned width;
        const char *path;
    } cases[] = {
        {0, 0, 256, "tile/0/000"},
        {0, 999, 256, "tile/0/999"},
        {0, 1000, 256, "tile/0/x001/000"},
        {0, 1234067, 256, "tile/0/x001/x234/067"},
        {1, 5, 17, "tile/1/005.p/17"},
        {TILE_ENTRIES, 273, 112, "tile/entries/273.p/112"},
        {TILE_ENTRIES, 1234067, 1, "tile/entries/x001/x234/067.p/1"},
        {7, 0, 255, "tile/7/000.p/255"},
        {0, UINT64_MAX, 255, "tile/0/x018/x446/x744/x073/x709/x551/615.p/255"},
        {TILE_ENTRIES, UINT64_MAX, 255,
         "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[TILE_PATH_BYTES];

        tile_path(path, cases[i].level, cases[i].index, cases[i].width);
        assert_string_equal(path, cases[i].path);
    }
}

/* 70,000 entries: 273 full tiles and one of 112; one full and one of 17; one
 * of 1; none above. */
static void test_tile_width__70000(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 70000), 256);
    assert_int_equal(tile_width(0, 272, 70000), 256);
    assert_int_equal(tile_width(0, 273, 70000), 112);
    assert_int_equal(tile_width(TILE_ENTRIES, 273, 70000), 112);
    assert_int_equal(tile_width(0, 274, 70000), 0);
    assert_int_equal(tile_width(1, 0, 70000), 256);
    assert_int_equal(tile_width(1, 1, 70000), 17);
    assert_int_equal(tile_width(1, 2, 70000), 0);
    assert_int_equal(tile_width(2, 0, 70000), 1);
    assert_int_equal(tile_width(2, 1, 70000), 0);
    assert_int_equal(tile_width(3, 0, 70000), 0);
}

/* The edges: no leaf, exactly full tiles, indexes whose leaves would overflow
 * a number. */
static void test_tile_width__edges(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(0, 0, 256), 256);
    assert_int_equal(tile_width(0, 1, 256), 0);
    assert_int_equal(tile_width(1, 0, 255), 0);
    assert_int_equal(tile_width(1, 0, 256), 1);
    assert_int_equal(tile_width(0, UINT64_MAX, 300), 0);
    assert_int_equal(tile_width(0, UINT64_MAX / 256 + 1, 300), 0);
    assert_int_equal(tile_width(7, 0, INT64_MAX), 127);
    assert_int_equal(tile_width(6, 127, INT64_MAX), 255);
}

/* A bundle gives back what was added, an empty record too. */
static void test_bundle_next__returns_what_was_added(void **state)
{
    static const struct slice records[] = {
        {(const uint8_t *)"one", 3}, {NULL, 0}, {(const uint8_t *)"three", 5}};
    struct buffer bundle = BUFFER_EMPTY;
    struct slice rest, record;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        bundle_add(&bundle, records[i]);
    }
    rest = buffer_slice(&bundle);
    assert_int_equal(rest.len, 2 + 3 + 2 + 2 + 5);
    assert_memory_equal(rest.data, "\0\3one\0\0\0\5three", rest.len);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(bundle_next(&rest, &record), ERROR_NONE);
        assert_true(slice_equal(record, records[i]));
    }
    assert_int_equal(bundle_next(&rest, &record), ERROR_NOT_FOUND);
    buffer_deinit(&bundle);
}

/* A record of the greatest length fits. */
static void test_bundle_add__longest(void **state)
{
    static uint8_t bytes[65535];
    struct buffer bundle = BUFFER_EMPTY;
    struct slice rest, record;

    (void)state;
    bundle_add(&bundle, slice_of(bytes, sizeof(bytes)));
    rest = buffer_slice(&bundle);
    assert_int_equal(bundle_next(&rest, &record), ERROR_NONE);
    assert_int_equal(record.len, sizeof(bytes));
    assert_int_equal(rest.len, 0);
    buffer_deinit(&bundle);
}

/* A bundle cut anywhere inside a record is truncated, never read beyond. */
static void test_bundle_next__cut(void **state)
{
    struct buffer bundle = BUFFER_EMPTY;
    struct slice whole;

    (void)state;
    bundle_add(&bundle, SLICE_LITERAL("record"));
    whole = buffer_slice(&bundle);
    for (size_t len = 1; len < whole.len; len++) {
        struct slice rest = slice_of(whole.data, len), record;

        assert_int_equal(bundle_next(&rest, &record), ERROR_TRUNCATED);
    }
    buffer_deinit(&bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_tile_path__written),
        RUN(test_tile_width__70000),
        RUN(test_tile_width__edges),
        RUN(test_bundle_next__returns_what_was_added),
        RUN(test_bundle_add__longest),
        RUN(test_bundle_next__cut),
    };

    return cmocka_run_group_tests_name("tile", tests, NULL, NULL);
}

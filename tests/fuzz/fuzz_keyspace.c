/* Keys of any bytes: what reads back builds the same bytes again, and order in
 * bytes is order in parts.
 *
 * Input: one byte for the table, then a key, or two keys of equal length.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "storage/keyspace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Order by the numbers, first to last, knowing nothing of bytes. */
static int parts_order(const uint64_t *a, const uint64_t *b)
{
    for (size_t i = 0; i < KEY_PARTS_MAX; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Read a key, and when it is one, build it again. */
static bool key_round(enum table table, struct slice bytes, uint64_t *parts)
{
    struct key key;

    if (key_read(table, bytes, parts) != ERROR_NONE) {
        return false;
    }
    key_build(table, parts, &key);
    CHECK(slice_equal(key_slice(&key), bytes));
    return true;
}

/* The key after a prefix is above all that begin with it. */
static void after_check(struct slice bytes)
{
    struct key key = {.len = bytes.len < 8 ? bytes.len : 8};

    if (bytes.len == 0) {
        return;
    }
    memcpy(key.bytes, bytes.data, key.len);
    key_after(&key);
    CHECK(key.len == 0 || slice_compare(bytes, key_slice(&key)) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t a[KEY_PARTS_MAX], b[KEY_PARTS_MAX];
    struct slice bytes, first, second;
    enum table table;

    if (size == 0) {
        return 0;
    }
    table = (enum table)(data[0] % TABLE_COUNT);
    bytes = slice_of(data + 1, size - 1);
    after_check(bytes);
    key_round(table, bytes, a);
    first = slice_of(bytes.data, bytes.len / 2);
    second = slice_after(bytes, bytes.len / 2);
    if (key_round(table, first, a) && key_round(table, second, b)) {
        int order = slice_compare(first, second);

        CHECK((order > 0) - (order < 0) == parts_order(a, b));
    }
    return 0;
}

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

static int number_order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Order by the parts, first to last, knowing nothing of bytes. Fields that a
 * table does not have are zero on both sides. Tables hold their parts in this
 * order, but for roles, which have no other number than their role. */
static int parts_order(const struct key_parts *a, const struct key_parts *b)
{
    int orders[] = {
        guid_compare(&a->guid, &b->guid),
        number_order(a->meta, b->meta),
        number_order(a->role, b->role),
        number_order(a->room, b->room),
        number_order(a->node, b->node),
        number_order(a->chunk, b->chunk),
        number_order(a->epoch, b->epoch),
        number_order(a->serial, b->serial),
        number_order(a->message, b->message),
        slice_compare(a->name, b->name),
        slice_compare(a->user, b->user),
        slice_compare(a->principal, b->principal),
        slice_compare(a->id, b->id),
    };

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (orders[i] != 0) {
            return orders[i] < 0 ? -1 : 1;
        }
    }
    return 0;
}

/* Read a key, and when it is one, build it again. */
static bool key_round(enum table table, struct slice bytes,
                      struct key_parts *parts)
{
    struct key key;

    if (key_read(table, bytes, parts) != ERROR_NONE) {
        return false;
    }
    CHECK(key_build(table, parts, &key) == ERROR_NONE);
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
    struct key_parts a, b;
    struct slice bytes, first, second;
    enum table table;

    if (size == 0) {
        return 0;
    }
    table = (enum table)(data[0] % TABLE_COUNT);
    bytes = slice_of(data + 1, size - 1);
    after_check(bytes);
    key_round(table, bytes, &a);
    first = slice_of(bytes.data, bytes.len / 2);
    second = slice_after(bytes, bytes.len / 2);
    if (key_round(table, first, &a) && key_round(table, second, &b)) {
        int order = slice_compare(first, second);

        CHECK((order > 0) - (order < 0) == parts_order(&a, &b));
    }
    return 0;
}

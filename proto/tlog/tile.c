#include "proto/tlog/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum { LENGTH_BYTES = 2 };

/* Append a name and a number of at least so many digits to a path. */
static size_t add(char path[TILE_PATH_BYTES], size_t len, const char *name,
                  int digits, uint64_t number)
{
    int n = snprintf(path + len, TILE_PATH_BYTES - len, "%s%0*" PRIu64, name,
                     digits, number);

    CHECK(n > 0 && len + (size_t)n < TILE_PATH_BYTES);
    return len + (size_t)n;
}

void tile_path(char path[TILE_PATH_BYTES], int level, uint64_t index,
               unsigned width)
{
    static const char entries[] = "tile/entries";
    uint64_t unit = 1;
    size_t len = sizeof(entries) - 1;

    CHECK(level >= TILE_ENTRIES && level < TILE_LEVELS);
    CHECK(width >= 1 && width <= TILE_WIDTH);
    if (level == TILE_ENTRIES) {
        memcpy(path, entries, sizeof(entries));
    } else {
        len = add(path, 0, "tile/", 1, (uint64_t)level);
    }
    while (index / unit >= 1000) {
        unit *= 1000;
    }
    for (; unit > 1; unit /= 1000) {
        len = add(path, len, "/x", 3, index / unit % 1000);
    }
    len = add(path, len, "/", 3, index % 1000);
    if (width < TILE_WIDTH) {
        add(path, len, ".p/", 1, width);
    }
}

unsigned tile_width(int level, uint64_t index, uint64_t size)
{
    uint64_t hashes = size, before = index * TILE_WIDTH;

    CHECK(level >= TILE_ENTRIES && level < TILE_LEVELS);
    if (level > 0) {
        hashes >>= TILE_HEIGHT * level;
    }
    if (index > hashes / TILE_WIDTH || hashes <= before) {
        return 0;
    }
    return hashes - before < TILE_WIDTH ? (unsigned)(hashes - before)
                                        : TILE_WIDTH;
}

void bundle_add(struct buffer *bundle, struct slice record)
{
    uint8_t length[LENGTH_BYTES];

    CHECK(record.len <= UINT16_MAX);
    put_be16(length, (uint16_t)record.len);
    buffer_append(bundle, length, sizeof(length));
    buffer_append_slice(bundle, record);
}

enum error bundle_next(struct slice *rest, struct slice *record_out)
{
    size_t len;

    if (rest->len == 0) {
        return ERROR_NOT_FOUND;
    }
    if (rest->len < LENGTH_BYTES) {
        return ERROR_TRUNCATED;
    }
    len = get_be16(rest->data);
    if (rest->len - LENGTH_BYTES < len) {
        return ERROR_TRUNCATED;
    }
    *record_out = slice_of(rest->data + LENGTH_BYTES, len);
    *rest = slice_after(*rest, LENGTH_BYTES + len);
    return ERROR_NONE;
}

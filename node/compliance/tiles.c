#include "node/compliance/tiles.h"

#include <stdlib.h>
#include <string.h>

#include "node/compliance/layout.h"
#include "node/compliance/shelf.h"
#include "node/compliance/tiler.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/tlog/hash.h"

/* A tile or bundle that was read. */
struct sheet {
    uint64_t index;
    unsigned width; /* 0: none. */
    struct buffer bytes;
};

struct tiles {
    struct shelf *shelf;
    struct sheet levels[TILE_LEVELS];
    struct sheet bundle;
    size_t offsets[TILE_WIDTH + 1]; /* Of the bundle's entries. */
};

struct tiles *tiles_open(const char *directory)
{
    struct tiles *tiles = calloc(1, sizeof(*tiles));

    CHECK(tiles != NULL);
    tiles->shelf = shelf_new(directory);
    return tiles;
}

void tiles_close(struct tiles *tiles)
{
    if (tiles == NULL) {
        return;
    }
    for (size_t i = 0; i < TILE_LEVELS; i++) {
        buffer_deinit(&tiles->levels[i].bytes);
    }
    buffer_deinit(&tiles->bundle.bytes);
    shelf_free(tiles->shelf);
    free(tiles);
}

void tiles_forget(struct tiles *tiles)
{
    for (size_t i = 0; i < TILE_LEVELS; i++) {
        tiles->levels[i].width = 0;
    }
    tiles->bundle.width = 0;
    shelf_reset(tiles->shelf);
}

/* --- Files --- */

/* The widest partial one of a directory. */
static void note_width(void *context, const char *name, uint64_t bytes)
{
    unsigned *widest = context;
    char *end;
    unsigned long width = strtoul(name, &end, 10);

    (void)bytes;
    if (*end == '\0' && end != name && width < TILE_WIDTH && width > *widest) {
        *widest = (unsigned)width;
    }
}

/* Read a tile's file; the widest there is. */
static enum error read_file(struct tiles *tiles, int level, uint64_t index,
                            size_t bytes_max, struct sheet *sheet)
{
    char path[TILE_PATH_BYTES], partials[LAYOUT_PATH_BYTES];
    unsigned width = 0;
    enum error error;

    sheet->width = 0;
    sheet->index = index;
    tile_path(path, level, index, TILE_WIDTH);
    error = shelf_read(tiles->shelf, path, bytes_max, &sheet->bytes);
    if (error == ERROR_NONE) {
        sheet->width = TILE_WIDTH;
    }
    if (error != ERROR_NOT_FOUND) {
        return error;
    }
    layout_partials(partials, level, index);
    TRY(shelf_list(tiles->shelf, partials, note_width, &width));
    if (width == 0) {
        return ERROR_NOT_FOUND;
    }
    tile_path(path, level, index, width);
    TRY(shelf_read(tiles->shelf, path, bytes_max, &sheet->bytes));
    sheet->width = width;
    return ERROR_NONE;
}

/* --- Hashes --- */

/* Have a tile with at least so many hashes. */
static enum error need_tile(struct tiles *tiles, int level, uint64_t index,
                            unsigned width)
{
    struct sheet *sheet = &tiles->levels[level];

    if (sheet->index == index && sheet->width >= width) {
        return ERROR_NONE;
    }
    TRY(read_file(tiles, level, index, TILE_BYTES, sheet));
    if (sheet->bytes.len != (size_t)sheet->width * MERKLE_HASH_BYTES) {
        sheet->width = 0;
        return ERROR_ROTTEN;
    }
    return sheet->width >= width ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error tiles_tile(struct tiles *tiles, int level, uint64_t index,
                      unsigned width, struct slice *bytes_out)
{
    TRY(need_tile(tiles, level, index, width));
    *bytes_out = slice_of(tiles->levels[level].bytes.data,
                          (size_t)width * MERKLE_HASH_BYTES);
    return ERROR_NONE;
}

/* Of what lies below. As deep as there are levels. */
static enum error hash_of_halves(struct tiles *tiles, unsigned level,
                                 uint64_t index, struct merkle_hash *hash_out)
{
    struct merkle_hash right;

    TRY(tiles_hash(tiles, level - 1, 2 * index, hash_out));
    TRY(tiles_hash(tiles, level - 1, 2 * index + 1, &right));
    merkle_node(hash_out, &right, hash_out);
    return ERROR_NONE;
}

/* A tile that is not full has a file for checkpoints alone: between them its
 * hashes are those of the full ones below it. */
enum error tiles_hash(void *context, unsigned level, uint64_t index,
                      struct merkle_hash *hash_out)
{
    struct tiles *tiles = context;
    unsigned inner = level % TILE_HEIGHT;
    uint64_t first = index << inner;
    size_t n = (size_t)1 << inner, at = (size_t)(first % TILE_WIDTH);
    int tile = (int)level / TILE_HEIGHT;
    enum error error =
        need_tile(tiles, tile, first / TILE_WIDTH, (unsigned)(at + n));

    if (error == ERROR_NOT_FOUND && tile > 0) {
        return hash_of_halves(tiles, level, index, hash_out);
    }
    if (error != ERROR_NONE) {
        return error;
    }
    tiler_fold(tiles->levels[tile].bytes.data + at * MERKLE_HASH_BYTES, n,
               hash_out);
    return ERROR_NONE;
}

enum error tiles_root(struct tiles *tiles, uint64_t size,
                      struct merkle_hash *root_out)
{
    return merkle_root_of(tiles_hash, tiles, size, root_out);
}

/* --- Records --- */

/* Find where each entry begins; all bytes are entries'. */
static enum error index_bundle(struct tiles *tiles)
{
    struct slice all = buffer_slice(&tiles->bundle.bytes), rest = all, record;
    unsigned n = 0;
    enum error error;

    while ((error = bundle_next(&rest, &record)) == ERROR_NONE) {
        if (n == tiles->bundle.width) {
            return ERROR_ROTTEN;
        }
        tiles->offsets[n++] = (size_t)(record.data - all.data);
        tiles->offsets[n] = all.len - rest.len;
    }
    return error == ERROR_NOT_FOUND && n == tiles->bundle.width ? ERROR_NONE
                                                                : ERROR_ROTTEN;
}

static enum error need_bundle(struct tiles *tiles, uint64_t index,
                              unsigned width)
{
    struct sheet *sheet = &tiles->bundle;
    enum error error;

    if (sheet->index == index && sheet->width >= width) {
        return ERROR_NONE;
    }
    TRY(read_file(tiles, TILE_ENTRIES, index, BUNDLE_BYTES_MAX, sheet));
    error = index_bundle(tiles);
    if (error != ERROR_NONE) {
        sheet->width = 0;
        return error;
    }
    return sheet->width >= width ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* An entry ends before the length of the next one. */
static struct slice entry_of(const struct tiles *tiles, unsigned at)
{
    const uint8_t *data = tiles->bundle.bytes.data;
    size_t from = tiles->offsets[at];
    size_t to = tiles->offsets[at + 1];

    return slice_of(data + from,
                    at + 1 < tiles->bundle.width ? to - 2 - from : to - from);
}

enum error tiles_record(struct tiles *tiles, uint64_t csn,
                        struct slice *record_out)
{
    unsigned at = (unsigned)(csn % TILE_WIDTH);

    TRY(need_bundle(tiles, csn / TILE_WIDTH, at + 1));
    *record_out = entry_of(tiles, at);
    return ERROR_NONE;
}

enum error tiles_bundle(struct tiles *tiles, uint64_t index, unsigned width,
                        struct slice *bytes_out)
{
    const struct sheet *sheet = &tiles->bundle;

    TRY(need_bundle(tiles, index, width));
    *bytes_out = slice_of(sheet->bytes.data, width < sheet->width
                                                 ? tiles->offsets[width] - 2
                                                 : sheet->bytes.len);
    return ERROR_NONE;
}

enum error tiles_payload(struct tiles *tiles, uint64_t csn, struct buffer *to)
{
    struct merkle_hash digest;
    char path[LAYOUT_PATH_BYTES];
    struct record record;
    struct slice bytes;

    TRY(tiles_record(tiles, csn, &bytes));
    if (record_read(bytes, &record) != ERROR_NONE) {
        return ERROR_ROTTEN;
    }
    if ((record.flags & RECORD_WITHHELD) == 0) {
        return ERROR_NOT_FOUND;
    }
    layout_payload(path, csn);
    TRY(shelf_read(tiles->shelf, path, TILES_PAYLOAD_BYTES_MAX, to));
    hash_bytes(buffer_slice(to), &digest);
    return slice_equal(record.command,
                       slice_of(digest.bytes, sizeof(digest.bytes)))
               ? ERROR_NONE
               : ERROR_ROTTEN;
}

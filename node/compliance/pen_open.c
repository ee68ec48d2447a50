/* Where an archive's files end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/compliance/layout.h"
#include "node/compliance/pen_parts.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/tlog/hash.h"

/* Says whose files they are. */
#define ORIGIN_NAME "origin"

/* What says that a file is not as it was written, and not that the disk cannot
 * be read. */
static bool is_damage(enum error error)
{
    return error == ERROR_NOT_FOUND || error == ERROR_ROTTEN ||
           error == ERROR_TRUNCATED || error == ERROR_TOO_LARGE;
}

static enum error has_file(struct pen *pen, int level, uint64_t index,
                           bool *has_out)
{
    char path[TILE_PATH_BYTES];
    uint64_t bytes;
    enum error error;

    tile_path(path, level, index, TILE_WIDTH);
    error = shelf_find(pen->shelf, path, &bytes);
    *has_out = error == ERROR_NONE;
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Are both of a bundle's files there? */
static enum error has_bundle(struct pen *pen, uint64_t index, bool *has_out)
{
    TRY(has_file(pen, 0, index, has_out));
    return *has_out ? has_file(pen, TILE_ENTRIES, index, has_out) : ERROR_NONE;
}

/* A bundle that is not there and has one before it, unless it is the first:
 * files are made in order, so that the end is found in few steps. */
static enum error find_end(struct pen *pen, uint64_t *end_out)
{
    uint64_t low = 0, high = 1;
    bool has = true;

    TRY(has_bundle(pen, 0, &has));
    if (!has) {
        *end_out = 0;
        return ERROR_NONE;
    }
    for (; has; high *= 2) {
        TRY(has_bundle(pen, high, &has));
        if (!has) {
            break;
        }
        low = high;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        TRY(has_bundle(pen, middle, &has));
        *(has ? &low : &high) = middle;
    }
    *end_out = high;
    return ERROR_NONE;
}

/* Is a bundle whole, and its tile that of its records? */
static enum error check_bundle(struct pen *pen, uint64_t index)
{
    struct merkle_hash leaf, hash;
    struct slice record;

    for (uint64_t i = 0; i < TILE_WIDTH; i++) {
        uint64_t csn = index * TILE_WIDTH + i;

        TRY(tiles_record(pen->tiles, csn, &record));
        TRY(tiles_hash(pen->tiles, 0, csn, &hash));
        merkle_leaf(record, &leaf);
        if (!merkle_equal(&leaf, &hash)) {
            return ERROR_ROTTEN;
        }
    }
    return ERROR_NONE;
}

/* Look at the last bundles; the first that is not as it must be is the end. */
static enum error check_tail(struct pen *pen, uint64_t *end)
{
    uint64_t first = *end > PEN_TAIL_BUNDLES ? *end - PEN_TAIL_BUNDLES : 0;

    for (uint64_t index = first; index < *end; index++) {
        enum error error = check_bundle(pen, index);

        if (is_damage(error)) {
            journal_warning("archive_tail_damaged",
                            "bundle=%" PRIu64 " of=%" PRIu64 " error=%s "
                            "action=\"written again from there\"",
                            index, *end, error_name(error));
            *end = index;
            return ERROR_NONE;
        }
        if (error != ERROR_NONE) {
            return error;
        }
    }
    return ERROR_NONE;
}

/* The open tiles, made of the full ones below them. */
struct resuming {
    struct tiles *tiles;
    uint64_t damaged_at; /* Records before the tile that cannot be read. */
};

/* The root of a full tile of the level below. */
static enum error read_tile_root(void *context, unsigned level, uint64_t index,
                                 struct merkle_hash *hash_out)
{
    struct resuming *resuming = context;
    struct merkle_hash right;
    enum error error =
        tiles_hash(resuming->tiles, level - 1, index * 2, hash_out);

    if (error == ERROR_NONE) {
        error = tiles_hash(resuming->tiles, level - 1, index * 2 + 1, &right);
    }
    if (error == ERROR_NONE) {
        merkle_node(hash_out, &right, hash_out);
    } else {
        resuming->damaged_at = index << level;
    }
    return error;
}

/* Returns with *end lowered, and damage, when a tile below cannot be read. */
static enum error resume(struct pen *pen, uint64_t *end)
{
    struct resuming resuming = {.tiles = pen->tiles};
    enum error error =
        tiler_resume(&pen->tiler, *end * TILE_WIDTH, read_tile_root, &resuming);

    if (is_damage(error)) {
        CHECK(resuming.damaged_at < *end * TILE_WIDTH);
        *end = resuming.damaged_at / TILE_WIDTH;
        journal_error("archive_tile_damaged",
                      "from_csn=%" PRIu64 " error=%s "
                      "action=\"looked through from there\"",
                      resuming.damaged_at, error_name(error));
    }
    return error;
}

/* Each origin has its own place: the hash of what its file says. */
static void place_of(struct slice origin, char path[LAYOUT_PATH_BYTES])
{
    struct merkle_hash hash;

    hash_bytes(origin, &hash);
    snprintf(path, LAYOUT_PATH_BYTES, "origins/%016" PRIx64,
             get_be64(hash.bytes));
}

/* The file that says whose they are goes last: as long as it is there, all of
 * it is done again. */
static enum error move_away(struct pen *pen, struct slice origin)
{
    static const char *const names[] = {"tile", "payload", "checkpoint",
                                        "checkpoints"};
    char path[LAYOUT_PATH_BYTES];

    place_of(origin, path);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        TRY(shelf_move(pen->shelf, names[i], path));
    }
    TRY(shelf_sync_moves(pen->shelf, path));
    TRY(shelf_move(pen->shelf, ORIGIN_NAME, path));
    journal_notice("archive_origin_ended", "origin=\"%.*s\" place=%s",
                   (int)strcspn((const char *)origin.data, "\n"), origin.data,
                   path);
    return shelf_sync_moves(pen->shelf, path);
}

enum error pen_begin_origin(struct pen *pen, struct slice origin)
{
    struct buffer there = BUFFER_EMPTY;
    enum error error;

    shelf_reset(pen->shelf);
    error = shelf_read(pen->shelf, ORIGIN_NAME, PEN_ORIGIN_BYTES_MAX, &there);
    if (error == ERROR_NONE && !slice_equal(buffer_slice(&there), origin)) {
        buffer_append(&there, "", 1); /* For the journal. */
        there.len -= 1;
        error = move_away(pen, buffer_slice(&there));
        error = error == ERROR_NONE ? ERROR_NOT_FOUND : error;
    }
    buffer_deinit(&there);
    if (error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(shelf_put(pen->shelf, ORIGIN_NAME, origin));
    return shelf_commit(pen->shelf);
}

enum error pen_open(struct pen *pen, uint64_t most)
{
    enum error error;
    uint64_t end;

    shelf_reset(pen->shelf);
    tiles_forget(pen->tiles);
    buffer_clear(&pen->withheld);
    pen->n_filled = 0;
    memset(pen->has_partials, true, sizeof(pen->has_partials));
    TRY(find_end(pen, &end));
    end = end < most ? end : most;
    TRY(check_tail(pen, &end));
    while (is_damage(error = resume(pen, &end))) {
    }
    return error;
}

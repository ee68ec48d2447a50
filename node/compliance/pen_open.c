/* Where an archive's files end. */
#include <inttypes.h>
#include <string.h>

#include "node/compliance/pen_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

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

#include "node/compliance/climb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/climb_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

struct climb *climb_new(const char *directory)
{
    struct climb *climb = calloc(1, sizeof(*climb));

    CHECK(climb != NULL);
    climb->tiles = tiles_open(directory);
    tiler_init(&climb->spine);
    return climb;
}

void climb_free(struct climb *climb)
{
    if (climb != NULL) {
        tiles_close(climb->tiles);
        tiler_deinit(&climb->spine);
        buffer_deinit(&climb->bundle);
        buffer_deinit(&climb->bytes);
        buffer_deinit(&climb->composed);
        free(climb);
    }
}

static void reset(struct climb *climb)
{
    tiles_forget(climb->tiles);
    climb->has_spine = false;
    climb->asks_spine = false;
    climb->spine_level = 0;
    for (size_t i = 0; i < CLIMB_LEVELS; i++) {
        climb->rungs[i].is = false;
    }
    buffer_clear(&climb->bundle);
    climb->payloads_done = 0;
    climb->supplied.width = 0;
    climb->refused.width = 0;
    climb->mends = NULL;
    climb->error = ERROR_NONE;
}

void climb_begin(struct climb *climb, uint64_t size,
                 const struct merkle_hash *root)
{
    reset(climb);
    climb->size = size;
    climb->root = *root;
    climb->spine.size = size;
}

void climb_begin_looking(struct climb *climb, const struct tiler *tree)
{
    reset(climb);
    climb->size = tree->size;
    climb->spine.size = tree->size;
    memcpy(climb->spine.tiles, tree->tiles, sizeof(tree->tiles));
    climb->has_spine = true;
}

void climb_supply(struct climb *climb, const struct climb_want *want,
                  struct slice bytes, bool absent)
{
    climb->supplied = *want;
    climb->absent = absent;
    buffer_clear(&climb->bytes);
    buffer_append_slice(&climb->bytes, bytes);
    CHECK(!buffer_failed(&climb->bytes));
}

enum error climb_error(const struct climb *climb)
{
    return climb->error;
}

uint64_t climb_absent(const struct climb *climb)
{
    return climb->n_absent;
}

/* --- Getting bytes --- */

bool climb_is_same(const struct climb_want *a, const struct climb_want *b)
{
    return a->level == b->level && a->index == b->index && a->width == b->width;
}

/* End the step. Always false, for callers that pass it on. */
bool climb_end(struct climb *climb, enum climb_result result, enum error error)
{
    climb->result = result;
    climb->error = error;
    return false;
}

bool climb_wants(struct climb *climb, const struct climb_want *want)
{
    climb->want = *want;
    return climb_end(climb, CLIMB_WANTS, ERROR_NONE);
}

/* What was got is not right: what came from another node is asked for once
 * more; in place of what was here the next source is tried. */
bool climb_refuse(struct climb *climb, const struct climb_want *want)
{
    climb->want = *want;
    if (climb->source == CLIMB_FROM_OTHER) {
        climb->supplied.width = 0;
        return climb_end(climb, CLIMB_WRONG, ERROR_NONE);
    }
    journal_error("archive_file_wrong",
                  "level=%d index=%" PRIu64
                  " reason=\"its hash is not that of the tile above\"",
                  want->level, want->index);
    climb->refused = *want;
    climb->refused_upto = climb->source;
    tiles_forget(climb->tiles);
    return climb_end(climb, CLIMB_MORE, ERROR_NONE);
}

enum error climb_read_here(struct climb *climb, const struct climb_want *want,
                           struct slice *bytes_out)
{
    return want->level == TILE_ENTRIES
               ? tiles_bundle(climb->tiles, want->index, want->width, bytes_out)
               : tiles_tile(climb->tiles, want->level, want->index, want->width,
                            bytes_out);
}

/* Damage is as good as nothing; what else the disk says ends it. */
bool climb_is_lack(enum error error)
{
    return error == ERROR_NOT_FOUND || error == ERROR_ROTTEN ||
           error == ERROR_TRUNCATED || error == ERROR_TOO_LARGE;
}

/* The hashes of a tile above others are the roots of these. */
static enum error compose(struct climb *climb, const struct climb_want *want)
{
    struct merkle_hash root;
    struct slice below;

    buffer_clear(&climb->composed);
    for (uint64_t i = 0; i < TILE_WIDTH; i++) {
        TRY(tiles_tile(climb->tiles, want->level - 1,
                       want->index * TILE_WIDTH + i, TILE_WIDTH, &below));
        tiler_fold(below.data, TILE_WIDTH, &root);
        buffer_append(&climb->composed, root.bytes, MERKLE_HASH_BYTES);
    }
    return buffer_failed(&climb->composed) ? ERROR_NO_MEMORY : ERROR_NONE;
}

static enum error get_from(struct climb *climb, const struct climb_want *want,
                           struct slice *bytes_out)
{
    switch (climb->source) {
    case CLIMB_FROM_FILE:
        return climb_read_here(climb, want, bytes_out);
    case CLIMB_FROM_COMPOSED:
        if (want->level < 1) {
            return ERROR_NOT_FOUND;
        }
        TRY(compose(climb, want));
        *bytes_out = buffer_slice(&climb->composed);
        return ERROR_NONE;
    default:
        *bytes_out = buffer_slice(&climb->bytes);
        return climb_is_same(&climb->supplied, want) ? ERROR_NONE
                                                     : ERROR_NOT_FOUND;
    }
}

/* From the first source that has it and was not refused. */
bool climb_get(struct climb *climb, const struct climb_want *want,
               struct slice *bytes_out)
{
    enum error error = ERROR_NOT_FOUND;

    climb->source = CLIMB_FROM_FILE;
    if (climb_is_same(&climb->refused, want)) {
        climb->source = climb->refused_upto + 1;
    }
    for (; climb->source <= CLIMB_FROM_OTHER; climb->source++) {
        error = get_from(climb, want, bytes_out);
        if (error == ERROR_NONE) {
            return true;
        }
        if (!climb_is_lack(error)) {
            return climb_end(climb, CLIMB_FAILED, error);
        }
    }
    return climb_wants(climb, want);
}

/* What was got is right: the file is to have it. */
bool climb_mend(struct climb *climb, const struct climb_want *want,
                struct slice bytes)
{
    enum error error;

    if (climb->mends == NULL || climb->source == CLIMB_FROM_FILE) {
        return true;
    }
    error = pen_mend(climb->mends, want->level, want->index, bytes);
    return error == ERROR_NONE || climb_end(climb, CLIMB_FAILED, error);
}

/* --- The spine --- */

static bool spine_want(const struct climb *climb, unsigned level,
                       struct climb_want *want_out)
{
    uint64_t hashes = climb->size >> (TILE_HEIGHT * level);

    *want_out = (struct climb_want){(int)level, hashes / TILE_WIDTH,
                                    (unsigned)(hashes % TILE_WIDTH)};
    return want_out->width > 0;
}

static bool is_spine_right(struct climb *climb)
{
    struct merkle_hash root;

    tiler_root(&climb->spine, &root);
    return merkle_equal(&root, &climb->root);
}

/* From files here. */
static bool find_spine(struct climb *climb)
{
    struct climb_want want;
    struct slice bytes;

    for (unsigned level = 0; level < CLIMB_LEVELS; level++) {
        if (!spine_want(climb, level, &want)) {
            continue;
        }
        if (climb_read_here(climb, &want, &bytes) != ERROR_NONE) {
            return false;
        }
        memcpy(climb->spine.tiles[level], bytes.data, bytes.len);
    }
    return is_spine_right(climb);
}

/* From another node, level by level. */
static bool take_spine(struct climb *climb)
{
    struct climb_want want;

    for (; climb->spine_level < CLIMB_LEVELS; climb->spine_level++) {
        if (!spine_want(climb, climb->spine_level, &want)) {
            continue;
        }
        if (!climb_is_same(&climb->supplied, &want)) {
            return climb_wants(climb, &want);
        }
        if (climb->bytes.len != (size_t)want.width * MERKLE_HASH_BYTES) {
            climb->source = CLIMB_FROM_OTHER;
            return climb_refuse(climb, &want);
        }
        memcpy(climb->spine.tiles[climb->spine_level], climb->bytes.data,
               climb->bytes.len);
        climb->supplied.width = 0;
    }
    return true;
}

bool climb_have_spine(struct climb *climb)
{
    if (climb->has_spine) {
        return true;
    }
    if (!climb->asks_spine) {
        climb->has_spine = find_spine(climb);
        climb->asks_spine = true;
    }
    if (climb->has_spine) {
        return true;
    }
    if (!take_spine(climb)) {
        return false;
    }
    climb->spine_level = 0;
    climb->has_spine = is_spine_right(climb);
    if (!climb->has_spine) {
        for (unsigned level = 0; !spine_want(climb, level, &climb->want);
             level++) {
        }
        return climb_end(climb, CLIMB_WRONG, ERROR_NONE);
    }
    return true;
}

/* --- Tiles --- */

static bool have_rung(struct climb *climb, unsigned level, uint64_t index)
{
    struct climb_want want = {(int)level, index, TILE_WIDTH};
    struct climb_rung *rung = &climb->rungs[level];
    struct merkle_hash above, root;
    struct slice bytes;

    if (rung->is && rung->index == index) {
        return true;
    }
    if (!climb_hash(climb, level + 1, index, &above) ||
        !climb_get(climb, &want, &bytes)) {
        return false;
    }
    if (bytes.len != TILE_BYTES) {
        return climb_refuse(climb, &want);
    }
    tiler_fold(bytes.data, TILE_WIDTH, &root);
    if (!merkle_equal(&root, &above)) {
        return climb_refuse(climb, &want);
    }
    rung->is = true;
    rung->index = index;
    memcpy(rung->hashes, bytes.data, TILE_BYTES);
    return climb_mend(climb, &want, bytes);
}

/* The root of the full tile index of the level below. As deep as there are
 * levels. */
bool climb_hash(struct climb *climb, unsigned level, uint64_t index,
                struct merkle_hash *hash_out)
{
    uint64_t tile = index / TILE_WIDTH, at = index % TILE_WIDTH;
    const uint8_t *hashes = climb->spine.tiles[level];

    CHECK(level < CLIMB_LEVELS);
    if (tile < climb->size >> (TILE_HEIGHT * (level + 1))) {
        if (!have_rung(climb, level, tile)) {
            return false;
        }
        hashes = climb->rungs[level].hashes;
    }
    memcpy(hash_out->bytes, hashes + at * MERKLE_HASH_BYTES, MERKLE_HASH_BYTES);
    return true;
}

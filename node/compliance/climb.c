#include "node/compliance/climb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/tiles.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/peer.h"
#include "proto/record.h"
#include "proto/tlog/hash.h"

enum { HASH = MERKLE_HASH_BYTES, LEVELS = TILE_LEVELS - 1 };

/* Where bytes come from, in the order of trying. */
enum source {
    SOURCE_NONE,
    SOURCE_FILE,     /* Here. */
    SOURCE_COMPOSED, /* Of the tiles below, here. */
    SOURCE_OTHER,    /* Supplied. */
};

/* A full tile whose root was found right. */
struct rung {
    bool is;
    uint64_t index;
    uint8_t hashes[TILE_BYTES];
};

struct climb {
    struct tiles *tiles; /* What is here. */
    uint64_t size;       /* The anchor's, */
    struct merkle_hash root;
    struct tiler spine; /* and its open tiles. */
    bool has_spine;
    bool asks_spine;      /* It is not here, or not right: of others. */
    unsigned spine_level; /* The next one to be had of others. */
    struct rung rungs[LEVELS];
    struct buffer bundle;   /* The next one, found right; empty: none is. */
    unsigned payloads_done; /* Records of it whose payload is seen to. */

    struct climb_want supplied; /* width 0: nothing. */
    struct buffer bytes;
    bool absent;
    enum source source;        /* Of what was got last. */
    struct climb_want refused; /* What is here of it is not right, */
    enum source refused_upto;  /* up to this. */
    struct pen *mends;         /* Files that are wrong; NULL: does not. */
    struct buffer composed;
    struct climb_want want;
    enum climb_result result; /* Why the step ends. */
    enum error error;
    uint64_t n_absent;
};

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
    for (size_t i = 0; i < LEVELS; i++) {
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

static bool is_same(const struct climb_want *a, const struct climb_want *b)
{
    return a->level == b->level && a->index == b->index && a->width == b->width;
}

/* End the step. Always false, for callers that pass it on. */
static bool end(struct climb *climb, enum climb_result result, enum error error)
{
    climb->result = result;
    climb->error = error;
    return false;
}

static bool wants(struct climb *climb, const struct climb_want *want)
{
    climb->want = *want;
    return end(climb, CLIMB_WANTS, ERROR_NONE);
}

/* What was got is not right: what came from another node is asked for once
 * more; in place of what was here the next source is tried. */
static bool refuse(struct climb *climb, const struct climb_want *want)
{
    climb->want = *want;
    if (climb->source == SOURCE_OTHER) {
        climb->supplied.width = 0;
        return end(climb, CLIMB_WRONG, ERROR_NONE);
    }
    journal_error("archive_file_wrong",
                  "level=%d index=%" PRIu64
                  " reason=\"its hash is not that of the tile above\"",
                  want->level, want->index);
    climb->refused = *want;
    climb->refused_upto = climb->source;
    tiles_forget(climb->tiles);
    return end(climb, CLIMB_MORE, ERROR_NONE);
}

static enum error read_here(struct climb *climb, const struct climb_want *want,
                            struct slice *bytes_out)
{
    return want->level == TILE_ENTRIES
               ? tiles_bundle(climb->tiles, want->index, want->width, bytes_out)
               : tiles_tile(climb->tiles, want->level, want->index, want->width,
                            bytes_out);
}

/* Damage is as good as nothing; what else the disk says ends it. */
static bool is_lack(enum error error)
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
        buffer_append(&climb->composed, root.bytes, HASH);
    }
    return buffer_failed(&climb->composed) ? ERROR_NO_MEMORY : ERROR_NONE;
}

static enum error get_from(struct climb *climb, const struct climb_want *want,
                           struct slice *bytes_out)
{
    switch (climb->source) {
    case SOURCE_FILE:
        return read_here(climb, want, bytes_out);
    case SOURCE_COMPOSED:
        if (want->level < 1) {
            return ERROR_NOT_FOUND;
        }
        TRY(compose(climb, want));
        *bytes_out = buffer_slice(&climb->composed);
        return ERROR_NONE;
    default:
        *bytes_out = buffer_slice(&climb->bytes);
        return is_same(&climb->supplied, want) ? ERROR_NONE : ERROR_NOT_FOUND;
    }
}

/* From the first source that has it and was not refused. */
static bool get(struct climb *climb, const struct climb_want *want,
                struct slice *bytes_out)
{
    enum error error = ERROR_NOT_FOUND;

    climb->source = SOURCE_FILE;
    if (is_same(&climb->refused, want)) {
        climb->source = climb->refused_upto + 1;
    }
    for (; climb->source <= SOURCE_OTHER; climb->source++) {
        error = get_from(climb, want, bytes_out);
        if (error == ERROR_NONE) {
            return true;
        }
        if (!is_lack(error)) {
            return end(climb, CLIMB_FAILED, error);
        }
    }
    return wants(climb, want);
}

/* What was got is right: the file is to have it. */
static bool mend(struct climb *climb, const struct climb_want *want,
                 struct slice bytes)
{
    enum error error;

    if (climb->mends == NULL || climb->source == SOURCE_FILE) {
        return true;
    }
    error = pen_mend(climb->mends, want->level, want->index, bytes);
    return error == ERROR_NONE || end(climb, CLIMB_FAILED, error);
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

    for (unsigned level = 0; level < LEVELS; level++) {
        if (!spine_want(climb, level, &want)) {
            continue;
        }
        if (read_here(climb, &want, &bytes) != ERROR_NONE) {
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

    for (; climb->spine_level < LEVELS; climb->spine_level++) {
        if (!spine_want(climb, climb->spine_level, &want)) {
            continue;
        }
        if (!is_same(&climb->supplied, &want)) {
            return wants(climb, &want);
        }
        if (climb->bytes.len != (size_t)want.width * HASH) {
            climb->source = SOURCE_OTHER;
            return refuse(climb, &want);
        }
        memcpy(climb->spine.tiles[climb->spine_level], climb->bytes.data,
               climb->bytes.len);
        climb->supplied.width = 0;
    }
    return true;
}

static bool have_spine(struct climb *climb)
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
        return end(climb, CLIMB_WRONG, ERROR_NONE);
    }
    return true;
}

/* --- Tiles --- */

static bool climb_hash(struct climb *climb, unsigned level, uint64_t index,
                       struct merkle_hash *hash_out);

static bool have_rung(struct climb *climb, unsigned level, uint64_t index)
{
    struct climb_want want = {(int)level, index, TILE_WIDTH};
    struct rung *rung = &climb->rungs[level];
    struct merkle_hash above, root;
    struct slice bytes;

    if (rung->is && rung->index == index) {
        return true;
    }
    if (!climb_hash(climb, level + 1, index, &above) ||
        !get(climb, &want, &bytes)) {
        return false;
    }
    if (bytes.len != TILE_BYTES) {
        return refuse(climb, &want);
    }
    tiler_fold(bytes.data, TILE_WIDTH, &root);
    if (!merkle_equal(&root, &above)) {
        return refuse(climb, &want);
    }
    rung->is = true;
    rung->index = index;
    memcpy(rung->hashes, bytes.data, TILE_BYTES);
    return mend(climb, &want, bytes);
}

/* The root of the full tile index of the level below. As deep as there are
 * levels. */
static bool climb_hash(struct climb *climb, unsigned level, uint64_t index,
                       struct merkle_hash *hash_out)
{
    uint64_t tile = index / TILE_WIDTH, at = index % TILE_WIDTH;
    const uint8_t *hashes = climb->spine.tiles[level];

    CHECK(level < LEVELS);
    if (tile < climb->size >> (TILE_HEIGHT * (level + 1))) {
        if (!have_rung(climb, level, tile)) {
            return false;
        }
        hashes = climb->rungs[level].hashes;
    }
    memcpy(hash_out->bytes, hashes + at * HASH, HASH);
    return true;
}

/* --- Bundles --- */

/* Hash a bundle's leaves; false for bytes that are no full bundle. */
static bool hash_leaves(struct slice bytes, uint8_t leaves[TILE_BYTES])
{
    struct merkle_hash leaf;
    struct slice record;
    unsigned n = 0;

    for (; n < TILE_WIDTH && bundle_next(&bytes, &record) == ERROR_NONE; n++) {
        merkle_leaf(record, &leaf);
        memcpy(leaves + (size_t)n * HASH, leaf.bytes, HASH);
    }
    return n == TILE_WIDTH && bytes.len == 0;
}

/* Is it the bundle whose leaves have that root? */
static bool is_bundle(struct slice bytes, const struct merkle_hash *root)
{
    uint8_t leaves[TILE_BYTES];
    struct merkle_hash hash;

    if (!hash_leaves(bytes, leaves)) {
        return false;
    }
    tiler_fold(leaves, TILE_WIDTH, &hash);
    return merkle_equal(&hash, root);
}

static bool have_bundle(struct climb *climb, uint64_t index)
{
    struct climb_want want = {TILE_ENTRIES, index, TILE_WIDTH};
    struct merkle_hash above;
    struct slice bytes;

    if (climb->bundle.len > 0) {
        return true;
    }
    if (!climb_hash(climb, 1, index, &above) || !get(climb, &want, &bytes)) {
        return false;
    }
    if (!is_bundle(bytes, &above)) {
        return refuse(climb, &want);
    }
    buffer_append_slice(&climb->bundle, bytes);
    climb->payloads_done = 0;
    if (buffer_failed(&climb->bundle)) {
        return end(climb, CLIMB_FAILED, ERROR_NO_MEMORY);
    }
    return mend(climb, &want, bytes);
}

/* --- Payloads --- */

/* A record that never had its payload beside it says so itself. */
static bool withholds_itself(const struct record *record)
{
    struct slice value;

    if (!record_find(record, RECORD_FIELD_WITHHOLDS, &value)) {
        return false;
    }
    for (; value.len >= 8; value = slice_after(value, 8)) {
        if (get_be64(value.data) == record->csn) {
            return true;
        }
    }
    return false;
}

static bool take_payload(struct climb *climb, struct pen *pen,
                         const struct record *record,
                         const struct climb_want *want)
{
    enum error error;

    climb->source = SOURCE_OTHER;
    climb->supplied.width = 0;
    if (climb->absent) {
        climb->n_absent += 1;
        journal_warning("archive_payload_absent", "csn=%" PRIu64, record->csn);
        return true;
    }
    error = pen_put_payload(pen, record, buffer_slice(&climb->bytes));
    if (error == ERROR_ROTTEN) {
        return refuse(climb, want);
    }
    return error == ERROR_NONE || end(climb, CLIMB_FAILED, error);
}

static bool have_payload(struct climb *climb, struct pen *pen,
                         struct slice bytes)
{
    struct climb_want want = {PEER_ARCHIVE_PAYLOAD, 0, 1};
    struct record record;
    enum error error;
    bool there, right;

    if (record_read(bytes, &record) != ERROR_NONE) {
        return end(climb, CLIMB_FAILED, ERROR_ROTTEN);
    }
    if ((record.flags & RECORD_WITHHELD) == 0 || withholds_itself(&record)) {
        return true;
    }
    want.index = record.csn;
    if (is_same(&climb->supplied, &want)) {
        return take_payload(climb, pen, &record, &want);
    }
    error = pen_has_payload(pen, &record, &there, &right);
    if (error != ERROR_NONE) {
        return end(climb, CLIMB_FAILED, error);
    }
    if (!there && climb->mends != NULL) {
        return true; /* A purge took it. */
    }
    return right || wants(climb, &want);
}

static bool have_payloads(struct climb *climb, struct pen *pen)
{
    struct slice rest = buffer_slice(&climb->bundle), record;

    for (unsigned i = 0; bundle_next(&rest, &record) == ERROR_NONE; i++) {
        if (i < climb->payloads_done) {
            continue;
        }
        if (!have_payload(climb, pen, record)) {
            return false;
        }
        climb->payloads_done = i + 1;
    }
    return true;
}

/* --- All of it --- */

static bool add_bundle(struct climb *climb, struct pen *pen)
{
    struct slice rest = buffer_slice(&climb->bundle), record;

    while (bundle_next(&rest, &record) == ERROR_NONE) {
        enum error error = pen_add(pen, record, SLICE_NONE);

        if (error != ERROR_NONE) {
            return end(climb, CLIMB_FAILED, error);
        }
    }
    buffer_clear(&climb->bundle);
    return true;
}

static bool step(struct climb *climb, struct pen *pen, uint64_t upto)
{
    if (!have_spine(climb)) {
        return false;
    }
    for (unsigned n = 0; pen_size(pen) < upto; n++) {
        if (n == CLIMB_BUNDLES) {
            return end(climb, CLIMB_MORE, ERROR_NONE);
        }
        if (!have_bundle(climb, pen_size(pen) / TILE_WIDTH) ||
            !have_payloads(climb, pen) || !add_bundle(climb, pen)) {
            return false;
        }
    }
    return true;
}

static enum climb_result finish(struct climb *climb, struct pen *pen, bool done,
                                struct climb_want *want_out)
{
    enum error error;

    if (done) {
        climb->result = CLIMB_DONE;
    }
    error = climb->result == CLIMB_FAILED ? climb->error : pen_commit(pen);
    if (error != ERROR_NONE) {
        (void)end(climb, CLIMB_FAILED, error);
    }
    *want_out = climb->want;
    return climb->result;
}

enum climb_result climb_step(struct climb *climb, struct pen *pen,
                             uint64_t upto, struct climb_want *want_out)
{
    CHECK(upto % TILE_WIDTH == 0 && upto <= climb->size);
    CHECK(pen_size(pen) % TILE_WIDTH == 0);
    return finish(climb, pen, step(climb, pen, upto), want_out);
}

/* The tile of a bundle's leaves is not read on the way up: the leaves are it.
 */
static bool look_at_leaves(struct climb *climb, uint64_t index)
{
    struct climb_want want = {0, index, TILE_WIDTH};
    uint8_t leaves[TILE_BYTES];
    struct slice bytes;
    enum error error;

    (void)hash_leaves(buffer_slice(&climb->bundle), leaves);
    error = read_here(climb, &want, &bytes);
    if (error != ERROR_NONE && !is_lack(error)) {
        return end(climb, CLIMB_FAILED, error);
    }
    if (error == ERROR_NONE &&
        slice_equal(bytes, slice_of(leaves, sizeof(leaves)))) {
        return true;
    }
    climb->source = SOURCE_COMPOSED;
    return mend(climb, &want, slice_of(leaves, sizeof(leaves)));
}

static bool look(struct climb *climb, struct pen *pen, uint64_t index)
{
    if (!have_bundle(climb, index) || !look_at_leaves(climb, index) ||
        !have_payloads(climb, pen)) {
        return false;
    }
    buffer_clear(&climb->bundle);
    return true;
}

enum climb_result climb_look(struct climb *climb, struct pen *pen,
                             uint64_t index, struct climb_want *want_out)
{
    CHECK(climb->has_spine && index < climb->size / TILE_WIDTH);
    climb->mends = pen;
    return finish(climb, pen, look(climb, pen, index), want_out);
}

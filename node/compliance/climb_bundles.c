/* The climb's bundles and payloads, and the whole of it. */
#include <inttypes.h>
#include <string.h>

#include "node/compliance/climb_parts.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/peer.h"
#include "proto/record.h"

/* Hash a bundle's leaves; false for bytes that are no full bundle. */
static bool hash_leaves(struct slice bytes, uint8_t leaves[TILE_BYTES])
{
    struct merkle_hash leaf;
    struct slice record;
    unsigned n = 0;

    for (; n < TILE_WIDTH && bundle_next(&bytes, &record) == ERROR_NONE; n++) {
        merkle_leaf(record, &leaf);
        memcpy(leaves + (size_t)n * MERKLE_HASH_BYTES, leaf.bytes,
               MERKLE_HASH_BYTES);
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
    if (!climb_hash(climb, 1, index, &above) ||
        !climb_get(climb, &want, &bytes)) {
        return false;
    }
    if (!is_bundle(bytes, &above)) {
        return climb_refuse(climb, &want);
    }
    buffer_append_slice(&climb->bundle, bytes);
    climb->payloads_done = 0;
    if (buffer_failed(&climb->bundle)) {
        return climb_end(climb, CLIMB_FAILED, ERROR_NO_MEMORY);
    }
    return climb_mend(climb, &want, bytes);
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

    climb->source = CLIMB_FROM_OTHER;
    climb->supplied.width = 0;
    if (climb->absent) {
        climb->n_absent += 1;
        journal_warning("archive_payload_absent", "csn=%" PRIu64, record->csn);
        return true;
    }
    error = pen_put_payload(pen, record, buffer_slice(&climb->bytes));
    if (error == ERROR_ROTTEN) {
        return climb_refuse(climb, want);
    }
    return error == ERROR_NONE || climb_end(climb, CLIMB_FAILED, error);
}

static bool have_payload(struct climb *climb, struct pen *pen,
                         struct slice bytes)
{
    struct climb_want want = {PEER_ARCHIVE_PAYLOAD, 0, 1};
    struct record record;
    enum error error;
    bool there, right;

    if (record_read(bytes, &record) != ERROR_NONE) {
        return climb_end(climb, CLIMB_FAILED, ERROR_ROTTEN);
    }
    if ((record.flags & RECORD_WITHHELD) == 0 || withholds_itself(&record)) {
        return true;
    }
    want.index = record.csn;
    if (climb_is_same(&climb->supplied, &want)) {
        return take_payload(climb, pen, &record, &want);
    }
    error = pen_has_payload(pen, &record, &there, &right);
    if (error != ERROR_NONE) {
        return climb_end(climb, CLIMB_FAILED, error);
    }
    if (!there && climb->mends != NULL) {
        return true; /* A purge took it. */
    }
    return right || climb_wants(climb, &want);
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
            return climb_end(climb, CLIMB_FAILED, error);
        }
    }
    buffer_clear(&climb->bundle);
    return true;
}

static bool step(struct climb *climb, struct pen *pen, uint64_t upto)
{
    if (!climb_have_spine(climb)) {
        return false;
    }
    for (unsigned n = 0; pen_size(pen) < upto; n++) {
        if (n == CLIMB_BUNDLES) {
            return climb_end(climb, CLIMB_MORE, ERROR_NONE);
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
        (void)climb_end(climb, CLIMB_FAILED, error);
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
    error = climb_read_here(climb, &want, &bytes);
    if (error != ERROR_NONE && !climb_is_lack(error)) {
        return climb_end(climb, CLIMB_FAILED, error);
    }
    if (error == ERROR_NONE &&
        slice_equal(bytes, slice_of(leaves, sizeof(leaves)))) {
        return true;
    }
    climb->source = CLIMB_FROM_COMPOSED;
    return climb_mend(climb, &want, slice_of(leaves, sizeof(leaves)));
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

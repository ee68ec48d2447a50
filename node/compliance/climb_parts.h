/* What the halves of the climb share: climb.c has sources, spine and tiles,
 * climb_bundles.c bundles, payloads and the whole. Private to them.
 *
 * Thread: as climb.h.
 */
#ifndef NODE_COMPLIANCE_CLIMB_PARTS_H
#define NODE_COMPLIANCE_CLIMB_PARTS_H

#include "node/compliance/climb.h"
#include "node/compliance/tiles.h"

enum { CLIMB_LEVELS = TILE_LEVELS - 1 };

/* Where bytes come from, in the order of trying. */
enum climb_source {
    CLIMB_FROM_NONE,
    CLIMB_FROM_FILE,     /* Here. */
    CLIMB_FROM_COMPOSED, /* Of the tiles below, here. */
    CLIMB_FROM_OTHER,    /* Supplied. */
};

/* A full tile whose root was found right. */
struct climb_rung {
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
    struct climb_rung rungs[CLIMB_LEVELS];
    struct buffer bundle;   /* The next one, found right; empty: none is. */
    unsigned payloads_done; /* Records of it whose payload is seen to. */

    struct climb_want supplied; /* width 0: nothing. */
    struct buffer bytes;
    bool absent;
    enum climb_source source;       /* Of what was got last. */
    struct climb_want refused;      /* What is here of it is not right, */
    enum climb_source refused_upto; /* up to this. */
    struct pen *mends;              /* Files that are wrong; NULL: does not. */
    struct buffer composed;
    struct climb_want want;
    enum climb_result result; /* Why the step ends. */
    enum error error;
    uint64_t n_absent;
};

/** Tell whether two are of the same bytes. */
bool climb_is_same(const struct climb_want *a, const struct climb_want *b);

/** End the step. Returns false, for callers that pass it on. */
bool climb_end(struct climb *climb, enum climb_result result, enum error error);

/** End the step for want of something. Returns false. */
bool climb_wants(struct climb *climb, const struct climb_want *want);

/** What was got last is not right: another source, or another node. Returns
 * false. */
bool climb_refuse(struct climb *climb, const struct climb_want *want);

/** Read a file that is here. */
enum error climb_read_here(struct climb *climb, const struct climb_want *want,
                           struct slice *bytes_out);

/** Tell damage, which is as good as nothing, from what the disk says. */
bool climb_is_lack(enum error error);

/** Get bytes from the first source that has them and was not refused. False
 * when the step ends. */
bool climb_get(struct climb *climb, const struct climb_want *want,
               struct slice *bytes_out);

/** What was got is right: a file that has it otherwise is mended. False when
 * the step ends. */
bool climb_mend(struct climb *climb, const struct climb_want *want,
                struct slice bytes);

/** Have the anchor's open tiles. False when the step ends. */
bool climb_have_spine(struct climb *climb);

/** Get the root of a full tile of the level below. False when the step ends. */
bool climb_hash(struct climb *climb, unsigned level, uint64_t index,
                struct merkle_hash *hash_out);

#endif

/* Makes anew what an archive's files lack or have wrong, from files here and
 * bytes of other nodes, none of which is believed: every tile and bundle must
 * have the hash that the tile above it says, and the topmost ones the root that
 * the pool's state has.
 *
 *   anchor   a size and its root, of the state
 *   spine    the tiles that the anchor's tree has begun and not filled: their
 *            root must be the anchor's
 *   tile     full: its root is a hash of the tile above, at last of the spine
 *   bundle   full: its leaves are a tile of level 0
 *
 * Thread: one at a time, a worker's: every call may block.
 */
#ifndef NODE_COMPLIANCE_CLIMB_H
#define NODE_COMPLIANCE_CLIMB_H

#include <stdbool.h>
#include <stdint.h>

#include "node/compliance/pen.h"
#include "proto/base/buffer.h"
#include "proto/tlog/merkle.h"

struct climb;

/* What another node is to be asked for: as struct peer_archive_ask. */
struct climb_want {
    int level;
    uint64_t index;
    unsigned width;
};

enum climb_result {
    CLIMB_DONE,   /* The pen has all. */
    CLIMB_MORE,   /* It has some more: call again. */
    CLIMB_WANTS,  /* Something is not here: to be supplied. */
    CLIMB_WRONG,  /* What was supplied last is wrong: from another node. */
    CLIMB_FAILED, /* Its error says why. */
};

enum {
    CLIMB_BUNDLES = 16, /* Of one call. */
};

/** Make. Stops when memory is out. */
struct climb *climb_new(const char *directory);

/** Free. Accepts NULL. */
void climb_free(struct climb *climb);

/** Begin, with an anchor. */
void climb_begin(struct climb *climb, uint64_t size,
                 const struct merkle_hash *root);

/**
 * Hand over what was wanted.
 *
 * @absent  Nobody has it: of payloads alone.
 */
void climb_supply(struct climb *climb, const struct climb_want *want,
                  struct slice bytes, bool absent);

/**
 * Go on.
 *
 * @pen   Its records so far are those of the anchor's tree; bundles are added.
 * @upto  A multiple of TILE_WIDTH, at most the anchor's size.
 * @want_out  With WANTS and WRONG.
 */
enum climb_result climb_step(struct climb *climb, struct pen *pen,
                             uint64_t upto, struct climb_want *want_out);

/**
 * Begin to look at files that are there already, and to mend them.
 *
 * @tree  Known to be right; copied.
 */
void climb_begin_looking(struct climb *climb, const struct tiler *tree);

/**
 * Look at one full bundle and the tiles above it. As climb_step, but that
 * nothing is added: what is damaged is written anew.
 */
enum climb_result climb_look(struct climb *climb, struct pen *pen,
                             uint64_t index, struct climb_want *want_out);

/** Tell why it has failed. */
enum error climb_error(const struct climb *climb);

/** Count payloads that nobody has, though no purge took them. */
uint64_t climb_absent(const struct climb *climb);

#endif

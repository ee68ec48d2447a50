/* The tree of an archive as it grows from its leaves: for each level of tiles
 * the one that is filling, held against the archive's once it is full.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_LEVELS_H
#define OPS_AUDIT_LEVELS_H

#include "ops/audit/archive.h"
#include "ops/audit/findings.h"

struct level {
    struct merkle_hash hashes[TILE_WIDTH]; /* Of the tile that is filling. */
    unsigned n;
    uint64_t index;                  /* Of that tile. */
    struct merkle_frontier frontier; /* Of those hashes alone. */
};

struct levels {
    const struct archive *archive;
    struct findings *findings;
    uint64_t size;  /* Of the whole tree. */
    uint64_t tiles; /* Held against the archive's. */
    struct level levels[TILE_LEVELS];
};

/** Begin a tree that will have size leaves. */
void levels_init(struct levels *levels, const struct archive *archive,
                 uint64_t size, struct findings *findings);

/** Count the leaves that it has. */
uint64_t levels_leaves(const struct levels *levels);

/** Add a leaf, whose tile was held against the archive's already. */
void levels_add_leaf(struct levels *levels, const struct merkle_hash *leaf);

/** Add the root of 256 leaves that are not known. Between tiles of leaves. */
void levels_add_unknown(struct levels *levels, const struct merkle_hash *root);

/** Tell the root of the leaves that it has. */
void levels_root(const struct levels *levels, struct merkle_hash *root_out);

/** Read what the archive's tiles have as the hash above a full tile.
 * NOT_FOUND when the tree has none. */
enum error levels_parent(const struct levels *levels, int level, uint64_t index,
                         struct merkle_hash *hash_out);

/** All leaves are there: hold the tiles that are not full against the
 * archive's, above the leaves'. */
void levels_end(struct levels *levels);

#endif

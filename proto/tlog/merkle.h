/* The Merkle tree of RFC 6962 over an archive's records: hashes of leaves and
 * nodes, the frontier a tree grows by, roots, and proofs.
 *
 * SHA-256. A leaf is H(0x00, bytes), a node H(0x01, left, right), the empty
 * tree H(). A tree of n leaves splits at the largest power of two below n.
 *
 * Source: RFC 6962, 2.1; RFC 9162, 2.1.3 and 2.1.4 for checking proofs.
 *
 * Pure. Thread: any; a frontier one at a time.
 */
#ifndef PROTO_TLOG_MERKLE_H
#define PROTO_TLOG_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    MERKLE_HASH_BYTES = 32,
    /* Full subtrees of a tree of up to 2^63 leaves; hashes of a proof. */
    MERKLE_DEPTH_MAX = 63,
};

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH_BYTES];
};

/* All that a tree needs to grow: its size, and the roots of its full subtrees,
 * the largest first: one for each bit of the size. */
struct merkle_frontier {
    uint64_t size;
    struct merkle_hash hashes[MERKLE_DEPTH_MAX];
};

/** Hash a leaf. */
void merkle_leaf(struct slice bytes, struct merkle_hash *hash_out);

/** Hash two nodes into theirs. The result may be one of them. */
void merkle_node(const struct merkle_hash *left,
                 const struct merkle_hash *right, struct merkle_hash *hash_out);

/** Tell whether hashes are equal. */
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/** Count the hashes of a frontier of that size. */
size_t merkle_frontier_count(uint64_t size);

/** Add a leaf's hash to the tree. */
void merkle_grow(struct merkle_frontier *frontier,
                 const struct merkle_hash *leaf);

/** Tell the root of the tree as it is. */
void merkle_root(const struct merkle_frontier *frontier,
                 struct merkle_hash *root_out);

/**
 * Get the root of the full subtree of 2^level leaves that begins at leaf
 * index << level.
 */
typedef enum error merkle_reader(void *context, unsigned level, uint64_t index,
                                 struct merkle_hash *hash_out);

/** Compute the root of the tree's first size leaves. What read returns. */
enum error merkle_root_of(merkle_reader *read, void *context, uint64_t size,
                          struct merkle_hash *root_out);

/**
 * Make the proof that a leaf is in the tree of size leaves.
 *
 * @proof  Room for MERKLE_DEPTH_MAX hashes.
 *
 * Returns INVALID unless index < size, or what read returns.
 */
enum error merkle_prove_leaf(merkle_reader *read, void *context, uint64_t index,
                             uint64_t size, struct merkle_hash *proof,
                             size_t *n_out);

/** Make the proof that the tree of old_size leaves is a prefix of that of size
 * leaves; likewise. Empty when old_size is 0 or size. */
enum error merkle_prove_prefix(merkle_reader *read, void *context,
                               uint64_t old_size, uint64_t size,
                               struct merkle_hash *proof, size_t *n_out);

/** Tell whether a proof shows that the leaf is in the tree of that root. */
bool merkle_check_leaf(const struct merkle_hash *leaf, uint64_t index,
                       uint64_t size, const struct merkle_hash *root,
                       const struct merkle_hash *proof, size_t n);

/** Tell whether a proof shows that one tree is a prefix of the other. The empty
 * tree, whose root is that of no leaves, is one of all with an empty proof. */
bool merkle_check_prefix(uint64_t old_size, const struct merkle_hash *old_root,
                         uint64_t size, const struct merkle_hash *root,
                         const struct merkle_hash *proof, size_t n);

#endif

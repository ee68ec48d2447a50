/* Checking proofs: RFC 9162, 2.1.3.2 and 2.1.4.2. */
#include "proto/tlog/hash.h"
#include "proto/tlog/merkle.h"

/* The way from a leaf up to the root: where it is among the nodes of its level,
 * and which node there is the last. */
struct way {
    uint64_t at, last;
};

/* Go one level up. Returns whether the proof's hash stands on the left. */
static bool climb(struct way *way)
{
    bool left = (way->at & 1) != 0 || way->at == way->last;

    if (left) {
        /* A last node without a sibling is its own parent. */
        while ((way->at & 1) == 0 && way->at != 0) {
            way->at >>= 1;
            way->last >>= 1;
        }
    }
    way->at >>= 1;
    way->last >>= 1;
    return left;
}

bool merkle_check_leaf(const struct merkle_hash *leaf, uint64_t index,
                       uint64_t size, const struct merkle_hash *root,
                       const struct merkle_hash *proof, size_t n)
{
    struct way way = {index, size - 1};
    struct merkle_hash hash = *leaf;

    if (index >= size) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (way.last == 0) {
            return false;
        }
        if (climb(&way)) {
            merkle_node(&proof[i], &hash, &hash);
        } else {
            merkle_node(&hash, &proof[i], &hash);
        }
    }
    return way.last == 0 && merkle_equal(&hash, root);
}

/* Both roots out of the hash that both trees have first and the proof's. */
static bool check_grown(struct way way, const struct merkle_hash *first,
                        const struct merkle_hash *proof, size_t n,
                        const struct merkle_hash *old_root,
                        const struct merkle_hash *root)
{
    struct merkle_hash old_hash = *first, hash = *first;

    for (size_t i = 0; i < n; i++) {
        if (way.last == 0) {
            return false;
        }
        if (climb(&way)) {
            merkle_node(&proof[i], &old_hash, &old_hash);
            merkle_node(&proof[i], &hash, &hash);
        } else {
            merkle_node(&hash, &proof[i], &hash);
        }
    }
    return way.last == 0 && merkle_equal(&old_hash, old_root) &&
           merkle_equal(&hash, root);
}

static bool is_empty_root(const struct merkle_hash *root)
{
    struct merkle_hash empty;

    hash_bytes(SLICE_NONE, &empty);
    return merkle_equal(root, &empty);
}

bool merkle_check_prefix(uint64_t old_size, const struct merkle_hash *old_root,
                         uint64_t size, const struct merkle_hash *root,
                         const struct merkle_hash *proof, size_t n)
{
    struct way way = {old_size - 1, size - 1};

    if (old_size == 0) {
        return n == 0 && is_empty_root(old_root) &&
               (size > 0 || is_empty_root(root));
    }
    if (old_size >= size) {
        return old_size == size && n == 0 && merkle_equal(old_root, root);
    }
    while ((way.at & 1) != 0) {
        way.at >>= 1;
        way.last >>= 1;
    }
    if ((old_size & (old_size - 1)) == 0) { /* Its root is a node of the new. */
        return check_grown(way, old_root, proof, n, old_root, root);
    }
    return n > 0 && check_grown(way, proof, proof + 1, n - 1, old_root, root);
}

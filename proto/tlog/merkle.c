#include "proto/tlog/merkle.h"

#include "proto/base/check.h"
#include "proto/tlog/hash.h"

enum { LEAF_PREFIX = 0, NODE_PREFIX = 1 };

static const uint64_t size_max = 1ULL << MERKLE_DEPTH_MAX;

void merkle_leaf(struct slice bytes, struct merkle_hash *hash_out)
{
    static const uint8_t prefix = LEAF_PREFIX;

    hash_pair(slice_of(&prefix, 1), bytes, hash_out);
}

void merkle_node(const struct merkle_hash *left,
                 const struct merkle_hash *right, struct merkle_hash *hash_out)
{
    uint8_t bytes[1 + 2 * MERKLE_HASH_BYTES] = {NODE_PREFIX};

    memcpy(bytes + 1, left->bytes, MERKLE_HASH_BYTES);
    memcpy(bytes + 1 + MERKLE_HASH_BYTES, right->bytes, MERKLE_HASH_BYTES);
    hash_bytes(slice_of(bytes, sizeof(bytes)), hash_out);
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, MERKLE_HASH_BYTES) == 0;
}

size_t merkle_frontier_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

void merkle_grow(struct merkle_frontier *frontier,
                 const struct merkle_hash *leaf)
{
    size_t n = merkle_frontier_count(frontier->size);
    struct merkle_hash hash = *leaf;

    CHECK(frontier->size < size_max - 1);
    /* As adding 1 carries through the bits that are set. */
    for (uint64_t bits = frontier->size; (bits & 1) != 0; bits >>= 1) {
        n--;
        merkle_node(&frontier->hashes[n], &hash, &hash);
    }
    frontier->hashes[n] = hash;
    frontier->size++;
}

/* The root over full subtrees of sinking sizes; of none, the empty tree's. */
static void fold(const struct merkle_hash *hashes, size_t n,
                 struct merkle_hash *root_out)
{
    if (n == 0) {
        hash_bytes(SLICE_NONE, root_out);
        return;
    }
    *root_out = hashes[n - 1];
    for (size_t i = n - 1; i > 0; i--) {
        merkle_node(&hashes[i - 1], root_out, root_out);
    }
}

void merkle_root(const struct merkle_frontier *frontier,
                 struct merkle_hash *root_out)
{
    fold(frontier->hashes, merkle_frontier_count(frontier->size), root_out);
}

/* Leaves [begin, end) of a tree; begin is a multiple of the largest power of
 * two that they hold, as in all parts a tree splits into. */
struct range {
    uint64_t begin, end;
};

static enum error range_root(merkle_reader *read, void *context,
                             struct range range, struct merkle_hash *root_out)
{
    struct merkle_hash hashes[MERKLE_DEPTH_MAX];
    uint64_t begin = range.begin;
    size_t n = 0;

    while (begin < range.end) {
        unsigned level =
            63 - (unsigned)__builtin_clzll(range.end - begin); /* log2. */

        CHECK(n < MERKLE_DEPTH_MAX);
        TRY(read(context, level, begin >> level, &hashes[n]));
        begin += 1ULL << level;
        n++;
    }
    fold(hashes, n, root_out);
    return ERROR_NONE;
}

enum error merkle_root_of(merkle_reader *read, void *context, uint64_t size,
                          struct merkle_hash *root_out)
{
    CHECK(size < size_max);
    return range_root(read, context, (struct range){0, size}, root_out);
}

/* Where a range of two or more leaves splits. */
static uint64_t middle(struct range range)
{
    uint64_t last = range.end - range.begin - 1;

    return range.begin + (1ULL << (63 - (unsigned)__builtin_clzll(last)));
}

/* A proof in the making: found from the root down, told from the leaf up. */
struct proof {
    merkle_reader *read;
    void *context;
    struct range parts[MERKLE_DEPTH_MAX + 1];
    size_t n;
};

/* Split a range and keep the half that leaf is in; the other one is of the
 * proof. */
static struct range step_down(struct proof *proof, struct range range,
                              uint64_t leaf)
{
    uint64_t at = middle(range);
    struct range left = {range.begin, at}, right = {at, range.end};

    CHECK(proof->n < MERKLE_DEPTH_MAX);
    proof->parts[proof->n] = leaf < at ? right : left;
    proof->n++;
    return leaf < at ? left : right;
}

static enum error tell(const struct proof *proof, struct merkle_hash *hashes,
                       size_t *n_out)
{
    CHECK(proof->n <= MERKLE_DEPTH_MAX);
    for (size_t i = 0; i < proof->n; i++) {
        TRY(range_root(proof->read, proof->context,
                       proof->parts[proof->n - 1 - i], &hashes[i]));
    }
    *n_out = proof->n;
    return ERROR_NONE;
}

enum error merkle_prove_leaf(merkle_reader *read, void *context, uint64_t index,
                             uint64_t size, struct merkle_hash *proof_out,
                             size_t *n_out)
{
    struct proof proof = {.read = read, .context = context};
    struct range range = {0, size};

    if (index >= size || size >= size_max) {
        return ERROR_INVALID;
    }
    while (range.end - range.begin > 1) {
        range = step_down(&proof, range, index);
    }
    return tell(&proof, proof_out, n_out);
}

enum error merkle_prove_prefix(merkle_reader *read, void *context,
                               uint64_t old_size, uint64_t size,
                               struct merkle_hash *proof_out, size_t *n_out)
{
    struct proof proof = {.read = read, .context = context};
    struct range range = {0, size};

    if (old_size > size || size >= size_max) {
        return ERROR_INVALID;
    }
    if (old_size > 0) {
        while (range.end != old_size) {
            range = step_down(&proof, range, old_size - 1);
        }
        if (range.begin > 0) { /* Else it is the old root, which is known. */
            proof.parts[proof.n] = range;
            proof.n++;
        }
    }
    return tell(&proof, proof_out, n_out);
}

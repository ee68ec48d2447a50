#include "tests/unit/test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/tlog/hash.h"
#include "proto/tlog/merkle.h"

enum {
    LEAVES = 65,
    PROOFS = 4225, /* Of all leaves, and all prefixes, of trees of 1 to 65. */
    BIG = 70000,
};

struct scene {
    struct merkle_hash leaves[LEAVES];
    struct merkle_hash proof[MERKLE_DEPTH_MAX];
    size_t n;
    size_t reads;
    uint64_t fail_after; /* Reads, until read fails. */
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->fail_after = UINT64_MAX;
    for (uint8_t i = 0; i < LEAVES; i++) {
        merkle_leaf(slice_of(&i, 1), &scene->leaves[i]);
    }
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* The root of leaves [begin, end), as RFC 6962 defines it. */
static struct merkle_hash defined(const struct scene *scene, uint64_t begin,
                                  uint64_t end)
{
    struct merkle_hash left, right, root;
    uint64_t split = 1;

    if (end - begin == 1) {
        return scene->leaves[begin];
    }
    while (split * 2 < end - begin) {
        split *= 2;
    }
    left = defined(scene, begin, begin + split);
    right = defined(scene, begin + split, end);
    merkle_node(&left, &right, &root);
    return root;
}

static enum error read_leaves(void *context, unsigned level, uint64_t index,
                              struct merkle_hash *hash_out)
{
    struct scene *scene = context;

    scene->reads++;
    if (scene->reads > scene->fail_after) {
        return ERROR_IO;
    }
    *hash_out = defined(scene, index << level, (index + 1) << level);
    return ERROR_NONE;
}

static void unhex(const char *text, struct merkle_hash *hash_out)
{
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        unsigned byte;

        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        hash_out->bytes[i] = (uint8_t)byte;
    }
}

/* The leaves and roots that Certificate Transparency's programs test with. */
static const struct {
    size_t len;
    const char *leaf, *root;
} published[] = {
    {0, "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {1, "\x00",
     "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {1, "\x10",
     "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {2, "\x20\x21",
     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {2, "\x30\x31",
     "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {4, "\x40\x41\x42\x43",
     "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {8, "\x50\x51\x52\x53\x54\x55\x56\x57",
     "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {16, "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

/* A tree that grows leaf by leaf has the published roots, the empty one that
 * of no bytes. */
static void test_merkle_root__published(void **state)
{
    struct merkle_frontier frontier = {0};
    struct merkle_hash leaf, root, wanted;

    (void)state;
    merkle_root(&frontier, &root);
    unhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          &wanted);
    assert_true(merkle_equal(&root, &wanted));
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        merkle_leaf(slice_of(published[i].leaf, published[i].len), &leaf);
        merkle_grow(&frontier, &leaf);
        merkle_root(&frontier, &root);
        unhex(published[i].root, &wanted);
        assert_true(merkle_equal(&root, &wanted));
    }
}

/* Growing, computing from subtrees and the definition give one root, and a
 * frontier holds a hash for each bit of its size. */
static void test_merkle_root_of__all_ways_agree(void **state)
{
    struct scene *scene = *state;
    struct merkle_frontier frontier = {0};
    struct merkle_hash grown, computed, wanted;

    assert_int_equal(merkle_root_of(read_leaves, scene, 0, &computed), 0);
    merkle_root(&frontier, &grown);
    assert_true(merkle_equal(&grown, &computed));
    for (uint64_t size = 1; size <= LEAVES; size++) {
        merkle_grow(&frontier, &scene->leaves[size - 1]);
        merkle_root(&frontier, &grown);
        assert_int_equal(merkle_root_of(read_leaves, scene, size, &computed),
                         ERROR_NONE);
        wanted = defined(scene, 0, size);
        assert_true(merkle_equal(&grown, &wanted));
        assert_true(merkle_equal(&computed, &wanted));
        assert_int_equal(frontier.size, size);
    }
    assert_int_equal(merkle_frontier_count(0), 0);
    assert_int_equal(merkle_frontier_count(64), 1);
    assert_int_equal(merkle_frontier_count(65), 2);
    assert_int_equal(merkle_frontier_count(BIG), 6);
}

static bool holds_leaf(struct scene *scene, uint64_t index, uint64_t size)
{
    struct merkle_hash root = defined(scene, 0, size);

    return merkle_check_leaf(&scene->leaves[index], index, size, &root,
                             scene->proof, scene->n);
}

static bool holds_prefix(struct scene *scene, uint64_t old_size, uint64_t size)
{
    struct merkle_hash old_root = defined(scene, 0, old_size);
    struct merkle_hash root = defined(scene, 0, size);

    return merkle_check_prefix(old_size, &old_root, size, &root, scene->proof,
                               scene->n);
}

typedef bool holds(struct scene *scene, uint64_t a, uint64_t b);

/* What was made holds; altered in any hash, cut or lengthened, it does not. */
static void try_forgeries(struct scene *scene, holds *check, uint64_t a,
                          uint64_t b)
{
    assert_true(check(scene, a, b));
    for (size_t i = 0; i < scene->n; i++) {
        scene->proof[i].bytes[(a + i) % MERKLE_HASH_BYTES] ^= 1;
        assert_false(check(scene, a, b));
        scene->proof[i].bytes[(a + i) % MERKLE_HASH_BYTES] ^= 1;
    }
    if (scene->n > 0) {
        scene->n--;
        assert_false(check(scene, a, b));
        scene->n++;
    }
    scene->proof[scene->n] = scene->leaves[0];
    scene->n++;
    assert_false(check(scene, a, b));
    scene->n--;
}

/* Each leaf and each prefix of each tree of up to 65 leaves is proved; no
 * forged proof is taken, and none for another leaf, place or size. */
static void test_merkle_prove__4225_and_forgeries(void **state)
{
    struct scene *scene = *state;
    struct merkle_hash root;
    size_t proofs = 0;

    for (uint64_t size = 1; size <= LEAVES; size++) {
        root = defined(scene, 0, size);
        for (uint64_t at = 0; at < size; at++, proofs++) {
            assert_int_equal(merkle_prove_leaf(read_leaves, scene, at, size,
                                               scene->proof, &scene->n),
                             ERROR_NONE);
            try_forgeries(scene, holds_leaf, at, size);
            assert_false(merkle_check_leaf(&scene->leaves[(at + 1) % LEAVES],
                                           at, size, &root, scene->proof,
                                           scene->n));
            assert_false(merkle_check_leaf(&scene->leaves[at], at + 1, size,
                                           &root, scene->proof, scene->n));
        }
        for (uint64_t old = 1; old < size; old++, proofs++) {
            assert_int_equal(merkle_prove_prefix(read_leaves, scene, old, size,
                                                 scene->proof, &scene->n),
                             ERROR_NONE);
            try_forgeries(scene, holds_prefix, old, size);
            assert_false(merkle_check_prefix(old, &scene->leaves[LEAVES - 1],
                                             size, &root, scene->proof,
                                             scene->n));
        }
    }
    assert_int_equal(proofs, PROOFS);
}

/* The empty tree and the tree itself are prefixes by an empty proof; what is
 * longer is none. */
static void test_merkle_check_prefix__edges(void **state)
{
    struct scene *scene = *state;
    struct merkle_hash empty, root = defined(scene, 0, 9);

    hash_bytes(SLICE_NONE, &empty);
    assert_int_equal(
        merkle_prove_prefix(read_leaves, scene, 0, 9, scene->proof, &scene->n),
        ERROR_NONE);
    assert_int_equal(scene->n, 0);
    assert_true(merkle_check_prefix(0, &empty, 9, &root, NULL, 0));
    assert_false(merkle_check_prefix(0, &root, 9, &root, NULL, 0));
    assert_false(merkle_check_prefix(0, &empty, 9, &root, &root, 1));
    assert_true(merkle_check_prefix(0, &empty, 0, &empty, NULL, 0));
    assert_false(merkle_check_prefix(0, &empty, 0, &root, NULL, 0));
    assert_int_equal(
        merkle_prove_prefix(read_leaves, scene, 9, 9, scene->proof, &scene->n),
        ERROR_NONE);
    assert_int_equal(scene->n, 0);
    assert_true(merkle_check_prefix(9, &root, 9, &root, NULL, 0));
    assert_false(merkle_check_prefix(9, &root, 9, &empty, NULL, 0));
    assert_false(merkle_check_prefix(10, &root, 9, &root, NULL, 0));
    assert_int_equal(
        merkle_prove_prefix(read_leaves, scene, 10, 9, scene->proof, &scene->n),
        ERROR_INVALID);
}

/* No leaf beyond the tree has a proof, nor is one taken for it. */
static void test_merkle_check_leaf__outside(void **state)
{
    struct scene *scene = *state;
    struct merkle_hash root = defined(scene, 0, 9);

    assert_int_equal(
        merkle_prove_leaf(read_leaves, scene, 9, 9, scene->proof, &scene->n),
        ERROR_INVALID);
    assert_int_equal(
        merkle_prove_leaf(read_leaves, scene, 0, 0, scene->proof, &scene->n),
        ERROR_INVALID);
    assert_false(merkle_check_leaf(&scene->leaves[0], 0, 0, &root, NULL, 0));
    assert_false(merkle_check_leaf(&root, 9, 9, &root, NULL, 0));
}

/* What cannot be read is told, wherever in a proof it is wanted. */
static void test_merkle_prove__read_fails(void **state)
{
    struct scene *scene = *state;
    struct merkle_hash root;

    assert_int_equal(
        merkle_prove_leaf(read_leaves, scene, 3, 61, scene->proof, &scene->n),
        ERROR_NONE);
    for (scene->fail_after = scene->reads; scene->fail_after > 0;) {
        scene->fail_after--;
        scene->reads = 0;
        assert_int_equal(merkle_prove_leaf(read_leaves, scene, 3, 61,
                                           scene->proof, &scene->n),
                         ERROR_IO);
    }
    scene->reads = 0;
    assert_int_equal(merkle_root_of(read_leaves, scene, 61, &root), ERROR_IO);
    assert_int_equal(
        merkle_prove_prefix(read_leaves, scene, 7, 61, scene->proof, &scene->n),
        ERROR_IO);
}

static void *hash_in_thread(void *context)
{
    merkle_leaf(SLICE_LITERAL("a record"), context);
    return NULL;
}

/* Each thread hashes with a context of its own, and leaves none behind. */
static void test_merkle_leaf__threads(void **state)
{
    struct merkle_hash here, there[8];

    (void)state;
    merkle_leaf(SLICE_LITERAL("a record"), &here);
    for (size_t i = 0; i < 8; i++) {
        pthread_t thread;

        assert_int_equal(
            pthread_create(&thread, NULL, hash_in_thread, &there[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(merkle_equal(&here, &there[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_merkle_root__published),
        RUN_IN(test_merkle_root_of__all_ways_agree, set_up, tear_down),
        RUN_IN(test_merkle_prove__4225_and_forgeries, set_up, tear_down),
        RUN_IN(test_merkle_check_prefix__edges, set_up, tear_down),
        RUN_IN(test_merkle_check_leaf__outside, set_up, tear_down),
        RUN_IN(test_merkle_prove__read_fails, set_up, tear_down),
        RUN(test_merkle_leaf__threads),
    };

    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}

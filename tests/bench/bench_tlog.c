/* What the archive's hashes cost: a leaf of a record, a leaf and its place in
 * the tree, a signed checkpoint.
 *
 *   bench_tlog    one line each: ns of processor time, the best of several
 *                 rounds
 *
 * Not a test: it never fails for being slow.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "proto/base/check.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

enum { ROUNDS = 20, CALLS = 20000, SIGNINGS = 200, RECORD_BYTES = 300 };

static uint8_t record[RECORD_BYTES];
static struct merkle_frontier frontier;

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void hash_leaf(void)
{
    struct merkle_hash hash;

    merkle_leaf(slice_of(record, sizeof(record)), &hash);
    record[0] = hash.bytes[0];
}

static void grow(void)
{
    struct merkle_hash hash;

    merkle_leaf(slice_of(record, sizeof(record)), &hash);
    merkle_grow(&frontier, &hash);
}

static void one_shot(void)
{
    uint8_t hash[EVP_MAX_MD_SIZE];

    CHECK(EVP_Digest(record, sizeof(record), hash, NULL, EVP_sha256(), NULL));
    record[0] = hash[0];
}

static void root(void)
{
    struct merkle_hash hash;

    merkle_root(&frontier, &hash);
}

static void sign(void)
{
    static const uint8_t key[NOTE_KEY_BYTES] = {1};
    uint8_t signature[NOTE_SIGNATURE_BYTES];

    note_sign(key, slice_of(record, 120), signature);
}

static void measure(const char *what, void (*work)(void), int calls)
{
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns(), each;

        for (int i = 0; i < calls; i++) {
            work();
        }
        each = (now_ns() - start) / calls;
        best = each < best ? each : best;
    }
    printf("%-40s %8.0f ns\n", what, best);
}

int main(void)
{
    measure("leaf of 300 bytes", hash_leaf, CALLS);
    measure("leaf of 300 bytes, and the tree", grow, CALLS);
    measure("SHA-256 of 300 bytes, OpenSSL one-shot", one_shot, CALLS);
    measure("root", root, CALLS);
    measure("Ed25519 signature of a checkpoint", sign, SIGNINGS);
    return 0;
}

/* One number for all that was applied: equal on nodes that applied the same
 * entries with the same outcomes, whatever batches, restarts and snapshots
 * came between.
 *
 * It lies in the store (META_DIGEST), so that it goes with a snapshot, and is
 * remembered at every DIGEST_EVERY-th log index, so that nodes that are never
 * at the same index at the same time can be compared all the same. It chains
 * what went in and what was answered, which costs next to nothing;
 * machine_hash is the costly look at the state itself.
 *
 * It finds a diverged replica, not a forger.
 *
 * Thread: state loop.
 */
#ifndef NODE_DIGEST_H
#define NODE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "proto/base/slice.h"

enum {
    DIGEST_EVERY = 1024, /* Log indexes. */
    DIGESTS_KEPT = 64,
};

struct digest {
    uint64_t value;
    uint64_t index; /* Of the last entry in it. */
    struct {
        uint64_t index; /* A multiple of DIGEST_EVERY; 0: none. */
        uint64_t value; /* With all entries up to there. */
    } kept[DIGESTS_KEPT];
};

/** Begin where a store stands; nothing is kept of before. */
void digest_init(struct digest *digest, uint64_t index, uint64_t value);

/**
 * Add an entry.
 *
 * @bytes     As it stands in the log.
 * @n_events  How many events it brought about.
 */
void digest_add(struct digest *digest, uint64_t index, struct slice bytes,
                struct applied applied, size_t n_events);

/**
 * Look up the digest of all entries up to a log index.
 *
 * @index  That of the last entry, or a multiple of DIGEST_EVERY.
 *
 * Returns false when it is not known (any more, or yet).
 */
bool digest_at(const struct digest *digest, uint64_t index,
               uint64_t *value_out);

#endif

/* A replica's half on the owner's loop: bounds what the owner may ask, writes
 * letters, reads the engine's.
 *
 * Thread: owner's loop.
 */
#ifndef RAFT_REPLICA_FRONT_H
#define RAFT_REPLICA_FRONT_H

#include "raft/replica/engine.h"

/* What the owner has proposed and not answered, to bound it. */
struct front_ledger {
    uint64_t epoch, first, next; /* Numbers; equal: none. */
    size_t bytes;
    uint32_t sizes[REPLICA_PROPOSALS_MAX]; /* By number. */
};

enum { FRONT_LETTERS_MAX = 1 << 20 }; /* Bounded by what is asked. */

struct replica {
    struct engine *engine;
    struct letters *inbox;
    struct replica_events events;
    uint8_t node;
    uint8_t *noop; /* Owned. */
    size_t noop_len;
    struct front_ledger ledger;
    size_t reads;
    bool dead;
    struct replica_status *copy; /* Lent out by replica_status. */
};

/** Take the engine's letters. */
void front_take_letters(void *context, struct letter_list *list);

#endif

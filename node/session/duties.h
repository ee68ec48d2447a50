/* What a node tells the pool by itself: how far its clients have confirmed
 * what they were given (node_mark), and, when it leads, which node's sessions
 * are to end because it has not been seen for NODE_LEASE_MS (node_lost).
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_DUTIES_H
#define NODE_SESSION_DUTIES_H

#include <stdbool.h>
#include <stdint.h>

#include "node/session/proposer.h"
#include "raft/replica.h"

enum {
    DUTIES_TICK_MS = 1000,
    /* A node that is cut off for less keeps its sessions: its clients may be
     * well connected to it. Longer, and rosters show people who are gone. */
    NODE_LEASE_MS = 10 * 1000,
    /* What a client has confirmed is not known, or proves nothing yet: no log
     * index is as low, and what was known before stands. */
    DELIVERED_NOTHING = 1,
    DUTIES_NODES = 256,
};

struct sessions;
struct caller;

struct duties {
    struct proposal mark;
    bool marking;
    bool moved; /* Clients have confirmed something since the last mark. */
    struct proposal lost;
    bool losing;
    struct replica_status status;
    uint64_t unseen_since_us[DUTIES_NODES]; /* 0: seen, or we do not lead. */
};

/** Start with nothing to do. */
void duties_init(struct duties *duties);

/** Do what is due; every DUTIES_TICK_MS. */
void duties_tick(struct sessions *hub);

/** Take note that a caller's client has confirmed all up to a log index, and
 * so many of the bodies for it alone. */
void duties_confirmed(struct caller *caller, uint64_t delivered_index,
                      uint32_t replies);

/**
 * Tell up to which log index a caller's endpoint has been told all there was
 * for it.
 *
 * Returns DELIVERED_NOTHING while it has not confirmed the history it asked
 * for, or may still ask for; and while it is in no room, or about to enter
 * one: of that room's past nothing is known yet.
 */
uint64_t duties_delivered(const struct caller *caller);

#endif

/* At the leader: other nodes' proposals on their way into the log, each node's
 * in the order of its numbers.
 *
 * A node sends its numbers in order, and again from an earlier one whenever it
 * has reason to. A number that is ahead of what is expected follows one that
 * was refused: it is refused too, for the state would refuse it.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_GATHER_H
#define RAFT_REPLICA_GATHER_H

#include <bsd/sys/queue.h>

#include "proto/entry.h"
#include "proto/peer.h"
#include "raft/replica.h"

/* Waiting per node; more is refused. What a node has unanswered fits, and so
 * does a part of it that was sent again. */
enum {
    GATHER_ENTRIES_MAX = REPLICA_PROPOSALS_MAX,
    GATHER_BYTES_MAX = REPLICA_PROPOSALS_BYTES_MAX + ENTRY_COMMAND_BYTES_MAX,
};

/* One frame's entries; their bytes follow the list. */
struct gather_frame {
    STAILQ_ENTRY(gather_frame) link;
    size_t n, done;
    struct gather_entry {
        uint8_t *bytes;
        size_t len;
    } entries[];
};

struct gather_node {
    STAILQ_HEAD(, gather_frame) frames;
    size_t n, bytes;   /* That wait. */
    bool in_order;     /* The two below hold. */
    uint64_t epoch;    /* Of the node, as far as we know. */
    uint64_t expected; /* Its next number. */
};

/* By node id. */
struct gather {
    struct gather_node nodes[PEER_NODE_MAX + 1];
    size_t n; /* That wait, of all. */
};

/* What a node is to send again, later. */
struct gather_refusal {
    bool refused;
    uint64_t epoch, number; /* This one and all after it. */
};

/** Start with nothing. */
void gather_init(struct gather *gather);

/** Forget all: this node leads no more. Nobody is told; all learn of it. */
void gather_clear(struct gather *gather);

/** Forget what order a node was in: it is connected anew. */
void gather_reset(struct gather *gather, uint8_t node);

/**
 * Take a frame's entries, as many as there is room for.
 *
 * @closed       Take none, for reasons of our own.
 * @refusal_out  Set: what to tell the node.
 *
 * Returns MALFORMED when an entry is none or another node's, NO_MEMORY; then
 * nothing was taken.
 */
enum error gather_take(struct gather *gather, uint8_t node,
                       const struct peer_propose *propose, bool closed,
                       struct gather_refusal *refusal_out);

/* Walks over what a node's proposals are, oldest first. */
struct gather_walk {
    struct gather_frame *frame;
    size_t at;
};

/** Begin a walk. */
struct gather_walk gather_begin(struct gather *gather, uint8_t node);

/** Borrow the next entry; NULL at the end. */
struct gather_entry *gather_next(struct gather_walk *walk);

/** Drop a node's n oldest entries: they are in the log. */
void gather_drop(struct gather *gather, uint8_t node, size_t n);

#endif

/* Linearizable reads: an index at which all is contained that was acknowledged
 * before the read was asked for, without the disk and without trust in clocks.
 *
 * All that is asked for in a turn of the loop makes one round.
 *
 *   leader    notes its commit index, pings the voters; when a majority still
 *             knows of no newer term, the index holds
 *   follower  asks the leader, with a number; an answer holds for that number
 *             and all lower ones
 *
 * The index may be that of an entry of raft's own, which the owner never sees:
 * it is told the last one that it was given when the core had applied so far.
 *
 * What a change of leaders or a lost connection leaves open is asked again,
 * until its deadline.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_READ_INDEX_H
#define RAFT_REPLICA_READ_INDEX_H

#include "raft/core.h"
#include "raft/replica/commits.h"
#include "raft/replica/memo.h"
#include "raft/replica/peers.h"

enum {
    READ_INDEX_ROUNDS_MAX = 16, /* Under way; more reads wait for one to end. */
    READ_INDEX_LATE_TICKS = 4,  /* Without an answer: ask again. */
};

struct read_index;

/* How many rounds there were, and what for; since the start. */
struct read_index_counts {
    uint64_t rounds;  /* Of pings, as leader. */
    uint64_t asked;   /* Requests to leaders. */
    uint64_t granted; /* Reads that got their index. */
    uint64_t expired; /* Reads that did not. */
};

/** Make one that answers to the owner. NULL when memory is out. */
struct read_index *read_index_new(struct loop *loop, struct letters *owner,
                                  struct peers *peers, uint64_t self);

/** Free, with reads that wait. Accepts NULL. */
void read_index_free(struct read_index *reads);

/** Whom to ask, and what the owner is given; before anything else. */
void read_index_attach(struct read_index *reads, struct core *core,
                       const struct commits *commits);

/** Take a read (MEMO_READ), owned from now on; it comes back answered. */
void read_index_take(struct read_index *reads, struct memo *memo);

/** Take a PING, PONG, READ_INDEX_REQUEST or READ_INDEX_REPLY. */
void read_index_received(struct read_index *reads, uint8_t node,
                         uint64_t raft_id, const struct peer_message *message);

/** Begin anew what is under way: the term or the leader has changed, or the
 * connection to it. */
void read_index_restart(struct read_index *reads);

/** Begin rounds for what waits, answer what holds; at the end of a turn. */
void read_index_run(struct read_index *reads);

/** Ping again and let go of what is overdue; from time to time. */
void read_index_tick(struct read_index *reads);

/** Tell counts. */
struct read_index_counts read_index_counts(const struct read_index *reads);

#endif

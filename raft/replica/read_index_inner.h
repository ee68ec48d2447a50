/* What the files of the read index share; nobody else includes it.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_READ_INDEX_INNER_H
#define RAFT_REPLICA_READ_INDEX_INNER_H

#include "raft/replica/read_index.h"

/* Another node's wish for an index. */
struct asker {
    uint8_t node;
    uint64_t number;
};

struct askers {
    size_t n;
    struct asker list[TRANSPORT_NODES_MAX];
};

/* Reads that share an index. */
struct round {
    struct letter_list reads;
    uint64_t number; /* Of the ping, or of the request. */
    uint64_t term, index;
    struct askers askers;
    size_t n_answered;
    uint64_t answered[CORE_MEMBERS_MAX]; /* Raft ids. */
};

/* Under way, oldest first. */
struct rounds {
    size_t first, n;
    struct round list[READ_INDEX_ROUNDS_MAX];
};

struct read_index {
    struct loop *loop;
    struct letters *owner;
    struct peers *peers;
    struct core *core;
    const struct commits *commits;
    uint64_t self;              /* Raft id. */
    struct letter_list waiting; /* For a round. */
    struct askers askers;       /* The same. */
    struct rounds pinged;       /* As leader. */
    struct rounds asked;        /* As follower. */
    uint8_t asked_node;
    bool resting; /* The leader refused; until the next tick. */
    uint64_t late_number;
    unsigned late_ticks;        /* Since that one became the oldest asked. */
    struct letter_list granted; /* Until the core has applied so far. */
    uint64_t number;
    struct read_index_counts counts;
};

/* read_rounds.c */

/** Borrow the i-th round under way, from the oldest. */
struct round *read_round_at(struct rounds *rounds, size_t i);

/** Begin a round for all reads that wait. The caller has looked for room. */
struct round *read_round_begin(struct read_index *reads, struct rounds *rounds);

/** The oldest round holds: answer all who wait for it. */
void read_grant_first(struct read_index *reads, struct rounds *rounds,
                      uint64_t index);

/** Put the reads of the n oldest rounds back, before those that wait. */
void read_give_up(struct read_index *reads, struct rounds *rounds, size_t n);

/** Give a read back to the owner. */
void read_answer(struct read_index *reads, struct memo *memo, enum error error,
                 uint64_t index);

/** Answer another node. */
void read_answer_asker(struct read_index *reads, const struct asker *asker,
                       bool granted, uint64_t index);

/* read_lead.c */

/** Begin a round of pings, if this node may. */
void read_begin_ping(struct read_index *reads);

/** Ping the voters for a round. */
void read_ping(struct read_index *reads, const struct round *round);

/** A voter has answered. */
void read_on_pong(struct read_index *reads, uint64_t raft_id,
                  const struct peer_ping *pong);

/** Another node asks for an index. */
void read_on_request(struct read_index *reads, uint8_t node, uint64_t number);

/** This node does not lead: tell those who have asked. */
void read_refuse_askers(struct read_index *reads);

#endif

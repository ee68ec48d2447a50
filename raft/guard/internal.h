/* The guard's state, and what all of its files need; nobody else includes it.
 *
 * Each file holds one subject: votes, append (incoming entries), result, send,
 * disk (own writes), hold, snapshot (taking), offer (receiving one), transfer
 * (sending one), configuration, load, note, step.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_GUARD_INTERNAL_H
#define RAFT_GUARD_INTERNAL_H

#include <bsd/sys/queue.h>

#include "raft/guard/guard.h"
#include "raft/guard/layout.h"

/* One append that the core has asked for and was not yet told of. */
struct guard_write {
    struct raft_io_append inner; /* What the owner's raft_io completes. */
    struct guard *guard;
    struct raft_io_append *outer;
    raft_io_append_cb cb;
    raft_term term; /* In which it was asked for. */
    raft_time asked_ms;
    raft_index first, last;
    bool done; /* On disk. */
    bool held; /* By rule HOLD. */
    int status;
    TAILQ_ENTRY(guard_write) link;
};

/* In the order they were asked for. */
TAILQ_HEAD(guard_writes, guard_write);

/* The snapshot_put under way: the core asks for one at a time. */
struct guard_put {
    struct raft_io_snapshot_put inner;
    struct raft_io_snapshot_put *outer;
    raft_io_snapshot_put_cb cb; /* NULL when none is under way. */
    bool installs;              /* A leader's snapshot, not our own. */
    raft_index index;
};

/* The part of taking a snapshot that runs beside the loop. */
struct guard_work {
    struct raft_io_async_work inner;
    struct raft_io_async_work *outer;
    raft_io_async_work_cb cb; /* NULL when none is under way. */
};

/* A snapshot_get under way, for one peer. */
struct guard_get {
    struct raft_io_snapshot_get inner;
    struct guard *guard;
    struct raft_io_snapshot_get *outer;
    raft_io_snapshot_get_cb cb;
    raft_term term; /* Of the leadership that asks. */
    bool failed;    /* To be asked for again with the next tick. */
    LIST_ENTRY(guard_get) link;
};

/* An InstallSnapshot kept from the core until its files are here. */
struct guard_offer {
    bool held;
    bool ready; /* They are. */
    raft_id from;
    struct raft_install_snapshot args;
};

/* A send whose callback is due though nothing was sent. */
struct guard_unsent {
    struct raft_io_send *req;
    raft_io_send_cb cb;
};

/* What a peer vouched for before rule FIG8 let it count. */
struct guard_early_ack {
    raft_id peer;
    raft_index last_index;
};

enum { GUARD_EARLY_ACKS_MAX = 32 };

struct guard {
    struct raft_io io; /* What the core sees. io.data is its struct raft. */
    struct raft_io *inner;
    struct guard_settings settings;
    struct guard_hooks hooks;
    uint64_t counts[GUARD_RULE_COUNT];
    raft_io_tick_cb tick; /* The core's own. */
    raft_io_recv_cb receive;
    raft_io_close_cb closed;
    bool dead; /* After fatal, and once closing. */
    bool stepping, step_again;

    struct guard_role role; /* As last told. */
    struct raft_barrier barrier;
    raft_term barrier_term; /* The no-op of this term was submitted. */
    raft_term settled_term; /* The no-op of this term was applied. */
    raft_index commit_told;

    raft_term vote_term; /* As on disk. */
    raft_id vote;
    raft_term stood_term; /* In which this life has voted for itself. */

    raft_term heard_term; /* The newest whose leader has been heard. */
    /* How far the log is known to be the leader's (rule ACKCLAMP). */
    raft_term verified_term;
    raft_index verified;
    /* The newest commit note; what is not stored yet follows when it is. */
    raft_term noted_term;
    raft_index noted;
    bool reply_blank; /* Vouch for nothing in the next result. */
    bool reply_mute;  /* Send no result at all. */

    struct guard_writes writes;
    struct guard_write *delivering; /* The core is being told of this one. */
    /* The log was cut; this write, asked for later, will prove it done. */
    bool cutting;
    struct guard_write *cut_proof;

    /* A TimeoutNow that waits for its receiver's disk (rule HANDOVER). */
    raft_id heir; /* 0: none. */
    struct raft_timeout_now handover;
    struct raft_io_send handover_send;

    struct guard_early_ack early[GUARD_EARLY_ACKS_MAX];
    unsigned n_early;

    struct guard_put put;
    struct guard_work work;
    LIST_HEAD(, guard_get) gets;
    struct guard_offer offer;

    struct guard_unsent *unsent;
    size_t n_unsent, unsent_capacity;
};

/** Borrow the core. */
static inline struct raft *guard_raft(const struct guard *guard)
{
    return guard->io.data;
}

/** Tell whether a rule is on. */
static inline bool guard_on(const struct guard *guard, enum guard_rule rule)
{
    return (guard->settings.rules & guard_rule_bit(rule)) != 0;
}

/** Count that a rule has acted. */
static inline void guard_acted(struct guard *guard, enum guard_rule rule)
{
    guard->counts[rule]++;
}

/** Stop the node; from now on nothing reaches the core. */
void guard_fatal(struct guard *guard, enum guard_fatal why, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/** Hand a message to the core. */
void guard_deliver(struct guard *guard, struct raft_message *message);

/** Free what a message brought that the core will not see. */
void guard_discard(struct raft_message *message);

/** Hand the core what the newest note says of entries that are stored now. */
void guard_follow_note(struct guard *guard);

#endif

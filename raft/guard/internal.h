/* What the files of the guard share; nobody else includes it.
 *
 * Each file holds one subject: votes, append (incoming entries), result, send,
 * disk (own writes), hold, snapshot (taking), offer (receiving one), transfer
 * (sending one), configuration, load, note, step.
 */
#ifndef RAFT_GUARD_INTERNAL_H
#define RAFT_GUARD_INTERNAL_H

#include <bsd/sys/queue.h>

#include "raft/guard/guard.h"
#include "raft/guard/layout.h"
#include "raft/guard/log_view.h"

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

TAILQ_HEAD(guard_writes, guard_write);

/* The snapshot_put under way: the core asks for one at a time. */
struct guard_put {
    struct raft_io_snapshot_put inner;
    struct raft_io_snapshot_put *outer;
    raft_io_snapshot_put_cb cb; /* NULL when none is under way. */
    bool installs;              /* A leader's snapshot, not our own. */
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

/* guard.c */

/** Stop the node; from now on nothing reaches the core. */
void guard_fatal(struct guard *guard, enum guard_fatal why, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/** Hand a message to the core. */
void guard_deliver(struct guard *guard, struct raft_message *message);

/** Free what a message brought that the core will not see. */
void guard_discard(struct raft_message *message);

/** Tell the last index of the log, in memory. */
static inline raft_index guard_last_index(const struct guard *guard)
{
    return log_view_last(guard_raft(guard));
}

/** Tell the term of an entry; 0 when the log does not hold it. */
static inline raft_term guard_term_of(const struct guard *guard,
                                      raft_index index)
{
    return log_view_term(guard_raft(guard), index);
}

/* members_view.c */

/** Find a server in the configuration in use; its count when absent. */
unsigned guard_server_index(const struct guard *guard, raft_id id);

/** Count the voters of the configuration in use. */
unsigned guard_voters(const struct guard *guard);

/** Borrow a peer's progress; NULL unless leader and the peer is a member. */
struct raft_progress *guard_progress(const struct guard *guard, raft_id peer);

/* votes.c */

int guard_set_term(struct raft_io *io, raft_term term);
int guard_set_vote(struct raft_io *io, raft_id server_id);

/** Give the core a RequestVote, seen as it should be. */
void guard_receive_vote(struct guard *guard, struct raft_message *message);

/** Mend a RequestVote on its way out. */
void guard_send_vote(struct guard *guard, struct raft_request_vote *args);

/** Mend a vote result on its way out. */
void guard_send_vote_result(struct guard *guard,
                            struct raft_request_vote_result *result);

/** As leader, see to it that the term is one that was never led before. */
void guard_own_term(struct guard *guard);

/** Tell whether nothing was heard of a leader for the base timeout. */
bool guard_election_due(const struct guard *guard);

/** Tell whether standing for election must wait for the disk. */
bool guard_election_gated(const struct guard *guard);

/* append.c */

/** Give the core AppendEntries, or what may be given of it. */
void guard_receive_append(struct guard *guard, struct raft_message *message);

/** Deliver in place of a message a heartbeat that vouches for nothing. */
void guard_deliver_blank(struct guard *guard, struct raft_message *message);

/** Note that our log is the leader's up to index, in its term. */
void guard_verify(struct guard *guard, raft_term term, raft_index index);

/* result.c */

/** As leader, give the core a result, or what may be given of it. */
void guard_receive_result(struct guard *guard, struct raft_message *message);

/** Mend a result on its way out; false when it must not go. */
bool guard_send_result(struct guard *guard, struct raft_message *message);

/** Give the core the acknowledgements that rule FIG8 kept back. */
void guard_early_acks(struct guard *guard);

/* send.c */

int guard_send(struct raft_io *io, struct raft_io_send *req,
               const struct raft_message *message, raft_io_send_cb cb);

/** Send the TimeoutNow that was kept back, if it may go now. */
void guard_hand_over(struct guard *guard);

/** Call back for sends that were dropped. */
void guard_finish_unsent(struct guard *guard);

/* disk.c */

int guard_append(struct raft_io *io, struct raft_io_append *req,
                 const struct raft_entry entries[], unsigned n,
                 raft_io_append_cb cb);
int guard_truncate(struct raft_io *io, raft_index index);

/** Tell whether entries asked for before a term are still being written. */
bool guard_writing_before(const struct guard *guard, raft_term term);

/** Tell whether any entries are still being written. */
bool guard_writing(const struct guard *guard);

/** Tell the core that the first write is on disk. */
void guard_deliver_write(struct guard *guard);

/** Forget all writes, telling the core, which is closing. */
void guard_abandon_writes(struct guard *guard);

/* hold.c */

/** Tell the core of all writes that are done and need not be held. */
void guard_release(struct guard *guard);

/** Tell the core of all writes that are done: leadership is about to end. */
void guard_release_all(struct guard *guard);

/* snapshot.c */

int guard_snapshot_put(struct raft_io *io, unsigned trailing,
                       struct raft_io_snapshot_put *req,
                       const struct raft_snapshot *snapshot,
                       raft_io_snapshot_put_cb cb);

int guard_async_work(struct raft_io *io, struct raft_io_async_work *req,
                     raft_io_async_work_cb cb);

/** Tell whether a leader's snapshot is being installed by the core. */
bool guard_installing(const struct guard *guard);

/** End what is under way, telling the core, which is closing. */
void guard_abandon_snapshots(struct guard *guard);

/* offer.c */

/** Give the core an InstallSnapshot, or keep it until its files are here. */
void guard_receive_snapshot(struct guard *guard, struct raft_message *message);

/** Give the core the offered snapshot when all is ready for it. */
void guard_offer_step(struct guard *guard);

/** Forget the offered snapshot. */
void guard_void_offer(struct guard *guard);

/* transfer.c */

int guard_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                       raft_io_snapshot_get_cb cb);

/** End all requests for a snapshot, telling the core, which is closing. */
void guard_abandon_gets(struct guard *guard);

/* configuration.c */

/** Mend what raft_start forgets about the configuration. */
void guard_configuration_started(struct guard *guard);

/** Forget a configuration that an installed snapshot has replaced. */
void guard_configuration_installed(struct guard *guard);

/** Tell whether cutting the log at index would cut the configuration. */
bool guard_cuts_configuration(const struct guard *guard, raft_index index);

/** Have the log cut durably before index, and stop. */
void guard_cut(struct guard *guard, enum guard_rule rule, raft_index index);

/* load.c */

int guard_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
               struct raft_snapshot **snapshot, raft_index *start_index,
               struct raft_entry *entries[], size_t *n_entries);

#endif

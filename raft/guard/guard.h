/* The guard: what stands between Debian's libraft 0.15.0 and everything real.
 *
 * The library's core (elections, replication, membership) is used as it is; as
 * shipped it can lose agreement, starve and forget. The guard is a raft_io that
 * wraps the owner's raft_io, and lets through, holds back or mends what passes
 * (rules.h). It reads, and in few places sets, public fields of struct raft;
 * their places are pinned in layout.h.
 *
 *   libraft core  <-- struct raft_io -->  guard  <-- struct raft_io -->  owner
 *
 * The owner's raft_io, called inner: completes appends in the order they were
 * given and never from inside the call; copies a message before send returns
 * (its entries and snapshot bytes are borrowed until the callback, which may be
 * NULL); calls nothing of the guard after its close callback.
 *
 * After `fatal` no call reaches the core any more: the program exits.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_GUARD_GUARD_H
#define RAFT_GUARD_GUARD_H

#include <raft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "raft/guard/rules.h"

struct guard;

/* Why a node must stop. */
enum guard_fatal {
    GUARD_FATAL_DISK,     /* A write failed (rule FAILSTOP). */
    GUARD_FATAL_CUT,      /* The log was cut durably; start again (CONF). */
    GUARD_FATAL_CONFLICT, /* A leader contradicts what is committed. */
    GUARD_FATAL_VOTE,     /* A second vote in one term was asked for (VOTE). */
    GUARD_FATAL_CORE,     /* The core gave up (state RAFT_UNAVAILABLE). */
    GUARD_FATAL_MEMORY,
};

/* Who the node is in the pool right now. */
struct guard_role {
    int state; /* RAFT_FOLLOWER, RAFT_CANDIDATE, RAFT_LEADER. */
    raft_term term;
    raft_id leader; /* 0 when none is known. */
};

/* What the guard tells its owner. Hooks are called outside the core, except
 * fatal and cut, which may be called inside: they must not call the core. */
struct guard_hooks {
    void *context;
    /* State, term or known leader differ from the last call's. */
    void (*role_changed)(void *context, const struct guard_role *role);
    /* The node must stop. Called once, last. */
    void (*fatal)(void *context, enum guard_fatal why, const char *text);
    /* Make durable that the log ends before index; fatal follows. */
    int (*cut)(void *context, raft_index index);
    /* As leader: commit_index has advanced; followers may be told. */
    void (*commit_advanced)(void *context, raft_term term, raft_index commit);
    /* A snapshot is offered; offer is borrowed until guard_snapshot_ready or
     * snapshot_dropped. NULL hook: snapshots go to the core at once. */
    void (*snapshot_offered)(void *context,
                             const struct raft_install_snapshot *offer,
                             raft_id from);
    /* The offer is void: end its transfer. */
    void (*snapshot_dropped)(void *context);
};

struct guard_settings {
    uint64_t rules; /* GUARD_RULES_ALL, except in tests. */
    /* One AppendEntries carries at most this (rule SPLIT). */
    unsigned send_entries_max;
    size_t send_bytes_max;
    /* While a peer is being sent a snapshot the log is not compacted, until it
     * holds this many entries more than the threshold for one. */
    unsigned snapshot_wait_entries_max;
};

enum {
    GUARD_SEND_ENTRIES_MAX = 1024,
    GUARD_SEND_BYTES_MAX = 1 << 20,
    GUARD_SNAPSHOT_WAIT_ENTRIES_MAX = 1000000,
};

/**
 * Make a guard around inner; settings and hooks are copied.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct guard *guard_new(struct raft_io *inner,
                        const struct guard_settings *settings,
                        const struct guard_hooks *hooks);

/** Free. After raft_close has called back, or without any raft. */
void guard_free(struct guard *guard);

/** Borrow the raft_io to give to raft_init. */
struct raft_io *guard_io(struct guard *guard);

/** Mend what raft_start left undone, and take the first step. */
void guard_started(struct guard *guard);

/**
 * Look at what a call into the core has changed and act on it: report the
 * role, submit the no-op of a won term, release held completions.
 *
 * The guard does so itself after calls it makes; the owner does after its own.
 */
void guard_step(struct guard *guard);

/**
 * Take note of the leader's commit index, sent by its commit_advanced.
 *
 * Ignored unless it is of this term and says something new. What it says of
 * entries that are not verified and stored yet is done once they are.
 */
void guard_commit_note(struct guard *guard, raft_term term,
                       raft_index commit_index);

/** All of the offered snapshot is local and synced: give it to the core. */
void guard_snapshot_ready(struct guard *guard);

/** Give the offer up: its transfer failed. */
void guard_snapshot_failed(struct guard *guard);

/** A peer was connected anew: a snapshot it was being sent may be lost. */
void guard_peer_reset(struct guard *guard, raft_id peer);

/** Stop the node for a reason of the owner's, as the guard itself would. */
void guard_stop(struct guard *guard, enum guard_fatal why, const char *text);

#endif

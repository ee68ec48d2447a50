/* One node's replicated log: which entries are agreed, in which order, and who
 * leads. libraft's core behind the guard (raft/guard), on one loop.
 *
 * Knows nothing of what entries say. No type of the library is shown, so that
 * another core can take its place and be judged by the same simulator.
 *
 * Everything that reaches outside goes through hooks, the log and the network
 * (core_seams.h). Hooks are called outside of the library, except `apply`,
 * `fatal`, `may_snapshot` and `restore`: those must not call the core.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_CORE_H
#define RAFT_CORE_H

#include "proto/base/buffer.h"
#include "proto/base/loop.h"
#include "raft/core_seams.h"

struct core;

enum core_state { CORE_FOLLOWER = 1, CORE_CANDIDATE, CORE_LEADER };

/* Why a node must stop. */
enum core_fatal {
    CORE_FATAL_DISK,   /* A write failed, or memory is out: start again. */
    CORE_FATAL_CUT,    /* The log was cut, durably: start again at once. */
    CORE_FATAL_BROKEN, /* What must never be: keep the files, tell people. */
};

struct core_role {
    enum core_state state;
    uint64_t term;
    uint64_t leader; /* 0 when none is known. */
};

struct core_hooks {
    void *context;
    /* A command is committed. In log order, each once per start; from the
     * snapshot on again after a start. Its bytes are borrowed. */
    void (*apply)(void *context, uint64_t index, uint64_t term,
                  struct slice bytes);
    void (*role_changed)(void *context, const struct core_role *role);
    /* A batch came to nothing, or to nobody knows what: error NOT_LEADER means
     * that its entries may yet be committed. */
    void (*batch_failed)(void *context, uint64_t first_index, size_t n,
                         enum error error);
    /* The node must stop now. Called once; nothing else is called after. */
    void (*fatal)(void *context, enum core_fatal why, const char *text);

    /* May the log be compacted up to index? Asked again later if not. */
    bool (*may_snapshot)(void *context, uint64_t index);
    /* Make the state durable with index applied, then call
     * core_snapshot_flushed. */
    void (*snapshot_flush)(void *context, uint64_t index);
    /* Describe the state, with index applied at least, to a peer that must
     * copy it: make a manifest, then call core_manifest_made. */
    void (*manifest_make)(void *context, uint64_t ticket, uint64_t index);
    /* Copy the state that manifest describes from a peer; then call
     * core_snapshot_ready or core_snapshot_failed. */
    void (*snapshot_offered)(void *context, uint64_t from, uint64_t index,
                             struct slice manifest);
    /* The copy is not needed any more. */
    void (*snapshot_dropped)(void *context);
    /* The state is as the snapshot at index says: a manifest's copy is to be
     * put in place; a marker of our own needs nothing. */
    enum error (*restore)(void *context, uint64_t index, struct slice bytes);
};

struct core_settings {
    uint64_t id; /* This node's raft id. */
    uint32_t election_ms, heartbeat_ms;
    uint32_t snapshot_timeout_ms; /* As long as the longest transfer. */
    uint32_t snapshot_threshold;  /* Entries applied between snapshots. */
    uint32_t snapshot_trailing;   /* Entries kept behind one. */
    uint32_t batches_max;         /* In flight; up to CORE_BATCHES_MAX. */
    uint32_t send_entries_max;    /* Of one message. */
    size_t send_bytes_max;
    bool pre_vote;
    uint64_t rules; /* Of the guard: all, except in tests. */
};

/** What a pool should run with (500 ms elections, 50 ms heartbeats). */
struct core_settings core_settings_default(uint64_t id);

enum {
    CORE_BATCHES_MAX = 16,
    CORE_BATCHES_DEFAULT = 2, /* One on its way to disks, one behind it. */
    CORE_BATCH_ENTRIES_MAX = 1024,
    CORE_ENTRY_ALIGN = 8,
};

/* How things stand. */
struct core_status {
    enum core_state state;
    uint64_t term;
    uint64_t leader;        /* 0 when none is known, or it is leaving. */
    uint64_t commit_index;  /* Known to be agreed. */
    uint64_t applied_index; /* Given to apply, or needed none. */
    uint64_t last_index;    /* In memory. */
    uint64_t stored_index;  /* On disk, as far as the core was told. */
    uint64_t snapshot_index;
    bool settled;           /* Leads, and has applied its term's no-op. */
    size_t batches;         /* In flight. */
    uint64_t write_wait_ms; /* How long the oldest write has been under way. A
                               leader's slow disk slows the pool: hand over. */
};

/**
 * Make a node's core; nothing runs before core_start.
 *
 * All arguments are copied. Returns NULL when memory is out. Owned by the
 * caller.
 */
struct core *core_new(struct loop *loop, const struct core_settings *settings,
                      const struct core_log *log,
                      const struct core_network *network,
                      const struct core_hooks *hooks);

/** End without a word to anybody and free. Not from inside a hook. Accepts
 * NULL. */
void core_free(struct core *core);

/**
 * Load the log and take part in the pool.
 *
 * Returns what the log's load or the hook restore report, INVALID for a log
 * that cannot be one.
 */
enum error core_start(struct core *core);

/**
 * Write the first entry of a new pool's log: term 1, kind CORE_ENTRY_MEMBERS.
 * Every founder's log begins with it, byte for byte.
 *
 * @bytes  Appended to.
 */
enum error core_first_entry(const struct core_members *members,
                            struct buffer *bytes);

/**
 * Propose commands as one batch: one write, one message per peer.
 *
 * @entries  1 to CORE_BATCH_ENTRIES_MAX; copied. Lengths are multiples of
 *           CORE_ENTRY_ALIGN.
 *
 * The outcome is learnt in apply; batch_failed tells of batches given up.
 * Returns NOT_LEADER, also while leadership is handed over; BUSY when
 * batches_max are in flight; nothing was taken then.
 */
enum error core_propose(struct core *core, const struct slice *entries,
                        size_t n, uint64_t *first_index_out);

/** Tell how things stand. */
struct core_status core_status(const struct core *core);

/**
 * Begin a linearizable read: when a majority of voters has answered a ping of
 * *term_out with core_answers_ping, all that was acknowledged before this call
 * is at or below *index_out, and may be read when that is applied.
 *
 * Returns NOT_LEADER, also before the term's no-op is applied.
 */
enum error core_read_index(const struct core *core, uint64_t *term_out,
                           uint64_t *index_out);

/** As a voter: does this node still know of no newer term? */
bool core_answers_ping(const struct core *core, uint64_t term);

/** Borrow how often each rule of the guard has acted (guard/rules.h). */
const uint64_t *core_guard_counts(const struct core *core);

#endif

/* This node's part in the pool's agreement: what is proposed anywhere comes
 * out committed, once, in one order, on every node.
 *
 * Bytes only: the replica does not know what a command says. It owns the raft
 * loop's side (core, guard, log store, transport, snapshot transfer,
 * membership) and talks to its owner by letters, so that to the owner it looks
 * single-threaded. No type of libraft shows here: the core can be exchanged.
 *
 *   owner: propose(number, command) ---> leader's log ---> committed(entries)
 *   owner: read(token)              ---> quorum ping   ---> read_ready(index)
 *
 * Thread: the owner's loop (the state loop), for calls and events alike.
 */
#ifndef RAFT_REPLICA_H
#define RAFT_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"
#include "proto/peer.h"

enum {
    REPLICA_NODES_MAX = 9,
    REPLICA_PROPOSALS_MAX = 4096,                  /* Unanswered, per node. */
    REPLICA_PROPOSALS_BYTES_MAX = 8 * 1024 * 1024, /* The same, bytes. */
    REPLICA_READS_MAX = 65536,                     /* Waiting for an index. */
    REPLICA_APPLY_LAG_MAX = 50000, /* Entries; beyond it proposals are BUSY. */
};

struct replica;

enum replica_role {
    REPLICA_STOPPED,
    REPLICA_FOLLOWER,
    REPLICA_CANDIDATE,
    REPLICA_LEADER,
};

enum replica_member_role {
    REPLICA_SPARE,   /* Known, gets no log. */
    REPLICA_STANDBY, /* Gets the log, has no vote. */
    REPLICA_VOTER,
};

/* One raft server of the configuration. */
struct replica_member {
    uint64_t raft_id; /* (incarnation << 8) | node. */
    uint8_t node;
    enum replica_member_role role;
    bool connected;       /* Seen from this node. */
    uint64_t match_index; /* Known to the leader only; else 0. */
};

/* What a node knows of the pool and of itself at one moment. */
struct replica_status {
    enum replica_role role;
    uint64_t raft_id;
    uint64_t term;
    uint8_t leader; /* Node id; 0 when none is known. */
    uint64_t commit_index;
    uint64_t last_index; /* Of the log. */
    uint64_t first_index;
    uint64_t snapshot_index; /* Before start: what the state must hold. */
    uint64_t append_us;      /* Recent mean time of a log write. */
    uint64_t log_bytes;
    size_t proposals_waiting; /* Unanswered. */
    bool needs_operator;      /* This node is no member, and the pool's policy
                                 leaves it to an operator to let it in. */
    size_t n;
    struct replica_member members[REPLICA_NODES_MAX * 2];
};

/* A committed entry; bytes are those of proto/entry.h. */
struct replica_entry {
    uint64_t index;
    uint64_t term;
    struct slice bytes;
};

/* What the owner is told. Called on the owner's loop; context first. */
struct replica_events {
    void *context;

    /* Entries in log order, each index once per process; indexes may have
     * gaps (entries of raft's own). Borrowed for the call. */
    void (*committed)(void *context, const struct replica_entry *entries,
                      size_t n);

    /* Role, term, leader or membership changed. Borrowed for the call. */
    void (*changed)(void *context, const struct replica_status *status);

    /* Every entry up to log_index is committed and, once applied here, a read
     * asked for with this token may be served. error: NO_LEADER, TIMED_OUT. */
    void (*read_ready)(void *context, uint64_t token, enum error error,
                       uint64_t log_index);

    /* Answer to replica_withdraw: taken back (its number is spent on a noop),
     * or too late. */
    void (*withdrawn)(void *context, uint64_t number, bool taken_back);

    /* Make everything applied up to log_index durable, then call
     * replica_flushed. The log is cut only behind that. */
    void (*flush_wanted)(void *context, uint64_t log_index);

    /* Make a checkpoint of the state in this empty directory and call
     * replica_checkpoint_made. */
    void (*checkpoint_wanted)(void *context, uint64_t id,
                              const char *directory);

    /* The checkpoint is no longer needed; its directory is removed by the
     * replica. */
    void (*checkpoint_dropped)(void *context, uint64_t id);

    /* The state was replaced by another node's: the directory holds a whole,
     * checked and durable checkpoint whose state is at log_index, which the
     * log may not have reached here.
     * Switch to it and call replica_restored. committed goes on after it. */
    void (*restore)(void *context, const char *directory, uint64_t log_index);

    /* May the node come back under a new raft id by itself? Asked on the
     * leader, answered from the state. */
    bool (*may_rejoin)(void *context, uint8_t node);

    /* Is this directory id the one the state knows for the raft id? True also
     * when the state knows none. */
    bool (*knows_directory)(void *context, uint64_t raft_id,
                            uint64_t directory_id);

    /* Another node's archive asks, or answers: ARCHIVE_ASK or ARCHIVE_PART.
     * Borrowed for the call; NULL: nobody is told. */
    void (*archive)(void *context, uint8_t node,
                    const struct peer_message *message);

    /* The node must stop now; nothing is committed or answered after this.
     *   IO, NO_SPACE  its disk failed, or is full to the last byte
     *   FORGOTTEN     the log was cut on purpose, or the node's raft id was
     *                 removed and it takes another: start again at once
     *   INVALID       what must never be: keep the files, tell people */
    void (*fatal)(void *context, enum error error, const char *reason);
};

/**
 * Tell the replica of a command to be committed.
 *
 * Proposals are numbered by the owner, 1, 2, ... per epoch, and are committed
 * in that order exactly once through leader changes, lost connections and
 * repeats; the owner learns of it when its own entry comes in committed, or
 * from the state's outcomes after a restore. Until replica_answered they are
 * kept and proposed again when needed.
 *
 * @command  Copied.
 *
 * Returns BUSY when REPLICA_PROPOSALS_MAX or _BYTES_MAX wait, TOO_LARGE for a
 * command beyond ENTRY_COMMAND_BYTES_MAX; the number is then not used up.
 */
enum error replica_propose(struct replica *replica, uint64_t epoch,
                           uint64_t number, struct slice command);

/**
 * Begin a new epoch: propose the node's first command under number 0.
 *
 * Forgets all unanswered proposals of an older epoch. Repeated until
 * replica_answered(0).
 */
enum error replica_begin_epoch(struct replica *replica, struct slice command);

/**
 * Take back a proposal that was never sent to any leader.
 *
 * Answered by the event withdrawn.
 */
void replica_withdraw(struct replica *replica, uint64_t number);

/** Forget proposals up to and including number: their outcome is known. */
void replica_answered(struct replica *replica, uint64_t number);

/**
 * Ask for an index at which a read is linearizable.
 *
 * Waits at most wait_ms for a leader; answered by read_ready, always.
 *
 * Returns BUSY when REPLICA_READS_MAX wait; there is then no event.
 */
enum error replica_read(struct replica *replica, uint64_t token,
                        unsigned wait_ms);

/** Tell how far the state has applied: bounds what may be in flight. */
void replica_applied(struct replica *replica, uint64_t log_index);

/** Tell that the state is durable up to log_index. */
void replica_flushed(struct replica *replica, uint64_t log_index);

/** Tell that the checkpoint id is whole and holds the state at log_index. */
void replica_checkpoint_made(struct replica *replica, uint64_t id,
                             enum error error, uint64_t log_index);

/** Tell that the state has switched to the restored checkpoint. */
void replica_restored(struct replica *replica, uint64_t log_index);

/**
 * Hand leadership to a node, or to the fittest when node is 0.
 *
 * @done  NULL when nobody waits for the outcome.
 */
void replica_transfer(struct replica *replica, uint8_t node,
                      void (*done)(void *context, enum error error),
                      void *context);

/**
 * Send a message of the archive's to a node: ARCHIVE_ASK or ARCHIVE_PART.
 *
 * It may be lost without a word: who asks asks again. Copied.
 */
void replica_send_archive(struct replica *replica, uint8_t node,
                          const struct peer_message *message);

/** Borrow the newest status; valid until the loop turns. */
const struct replica_status *replica_status(const struct replica *replica);

#endif

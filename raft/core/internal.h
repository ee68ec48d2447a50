/* The core's state, and what all files of the binding need; nobody else
 * includes it.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_CORE_INTERNAL_H
#define RAFT_CORE_INTERNAL_H

#include <bsd/sys/queue.h>
#include <raft.h>

#include "raft/core.h"
#include "raft/guard/guard.h"

/* Proposals that went into the log together. */
struct core_batch {
    struct raft_apply request;
    uint64_t first_index; /* 0: not in use. */
    size_t n;
    uint64_t term;
};

/* A write under way; what it holds follows. */
struct core_io_write {
    struct core_write write; /* First. */
    struct core *core;
    LIST_ENTRY(core_io_write) link;
};

/* A configuration and the index of its entry. */
struct core_configuration {
    uint64_t index;
    struct core_members members;
};

/* In the order of the log. */
struct core_history {
    struct core_configuration *list;
    size_t n, capacity;
};

/* A send whose callback is due. */
struct core_sent {
    struct raft_io_send *request;
    raft_io_send_cb cb;
};

/* A peer's need of a snapshot, until its manifest is made. */
struct core_get {
    uint64_t ticket;
    struct raft_io_snapshot_get *request;
    raft_io_snapshot_get_cb cb;
    uint64_t index, term, members_index;
    struct raft_configuration servers;
    bool asked; /* The hook was told. */
    STAILQ_ENTRY(core_get) link;
};

struct core {
    struct raft raft;
    struct raft_fsm fsm;
    struct raft_io io; /* The guard's inner one. */
    struct guard *guard;
    struct loop *loop;
    struct core_settings settings;
    struct core_log log;
    struct core_network network;
    struct core_hooks hooks;
    struct timer *tick_timer;
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    bool stopped; /* After fatal: no hook is called any more. */
    bool started;
    bool settling, settle_again;
    enum error start_error; /* What kept it from starting. */

    struct core_batch batches[CORE_BATCHES_MAX];
    LIST_HEAD(, core_io_write) writes;
    struct core_history history;
    struct raft_change change;
    struct raft_transfer transfer;

    struct core_sent *sent;
    size_t n_sent, sent_capacity;
    struct core_entry *scratch; /* Entries of the message being sent. */
    size_t scratch_capacity;

    struct raft_io_async_work *flush; /* A snapshot's flush, under way. */
    raft_io_async_work_cb flush_cb;
    bool flush_asked;
    uint64_t restoring_index; /* Of the snapshot that restore will be told. */
    STAILQ_HEAD(, core_get) gets;
    uint64_t tickets;
};

/** Do what a call into the library left to be done: callbacks, hooks. */
void core_settle(struct core *core);

/** Translate an error for the library. */
int core_code(enum error error);

#endif

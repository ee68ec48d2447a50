/* What the files of the core binding share; nobody else includes it. */
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

/* core.c */

/** Do what a call into the library left to be done: callbacks, hooks. */
void core_settle(struct core *core);

/** Translate an error for the library. */
int core_code(enum error error);

/* disk.c: the inner raft_io's disk half */

int core_io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                 struct raft_snapshot **snapshot, raft_index *start_index,
                 struct raft_entry *entries[], size_t *n_entries);
int core_io_set_term(struct raft_io *io, raft_term term);
int core_io_set_vote(struct raft_io *io, raft_id server_id);
int core_io_append(struct raft_io *io, struct raft_io_append *req,
                   const struct raft_entry entries[], unsigned n,
                   raft_io_append_cb cb);
int core_io_truncate(struct raft_io *io, raft_index index);
int core_io_snapshot_put(struct raft_io *io, unsigned trailing,
                         struct raft_io_snapshot_put *req,
                         const struct raft_snapshot *snapshot,
                         raft_io_snapshot_put_cb cb);

/** Forget all writes under way; the log is abandoned. */
void core_drop_writes(struct core *core);

/* wire.c: the inner raft_io's network half */

int core_io_send(struct raft_io *io, struct raft_io_send *req,
                 const struct raft_message *message, raft_io_send_cb cb);

/** Call back for the messages that went out. */
void core_finish_sent(struct core *core);

/* sanity.c */

/** Tell whether a message is one that a sane peer could send. */
bool core_is_sane(const struct core *core, const struct core_message *message);

/* members.c */

/** Translate a configuration from the library's. */
struct core_members core_members_of(const struct raft_configuration *servers);

/** Translate a configuration for the library, which owns it then. */
int core_servers_of(const struct core_members *members,
                    struct raft_configuration *servers);

enum { CORE_ADDRESS_BYTES = 24 };

/** Write the address the library knows a member by. */
void core_address(uint64_t id, char address[CORE_ADDRESS_BYTES]);

/* history.c */

/** Read an entry that holds a configuration; false for bytes that are none. */
bool core_read_members(struct slice bytes, struct core_members *members);

/** Note that the log holds a configuration; false for bytes that are none. */
bool core_history_entry(struct core *core, uint64_t index, struct slice bytes);

/** Note that a snapshot has replaced the log. False when memory is out. */
bool core_history_snapshot(struct core *core, uint64_t index,
                           const struct core_members *members);

/** Forget the configurations from index on: the log was cut. */
void core_history_cut(struct core *core, uint64_t index);

/** Borrow the configuration in force at last_applied; NULL for none. */
const struct core_configuration *core_history_applied(struct core *core);

/* propose.c */

/** Account for the batches in flight: which are applied, which are lost. */
void core_settle_batches(struct core *core);

/* machine.c: the raft_fsm, and snapshots */

/** Fill in the raft_fsm. */
void core_machine_init(struct core *core);

int core_io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                         raft_io_snapshot_get_cb cb);
int core_io_async_work(struct raft_io *io, struct raft_io_async_work *req,
                       raft_io_async_work_cb cb);

/** Ask the owner for what the library has asked for. */
void core_settle_snapshots(struct core *core);

/** Free what snapshots hold; the library is closed. */
void core_drop_snapshots(struct core *core);

#endif

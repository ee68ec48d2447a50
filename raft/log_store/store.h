/* The inside of a store: what the calls (store.c) and the pump that feeds the
 * worker (pump.c) share.
 *
 *   append, truncate, snapshot_put --> queue --> job --> worker: writer_write
 *                                                 |
 *   done(), in order  <---------------------------+
 *
 * One job is under way at a time. While it is, the queue gathers, and goes out
 * whole (to a limit) in the next: group commit. Between writes, the worker
 * does chores: prepares the next segment, drops old ones, notes the mark.
 *
 * Thread: the loop's.
 */
#ifndef RAFT_LOG_STORE_STORE_H
#define RAFT_LOG_STORE_STORE_H

#include "proto/base/worker.h"
#include "raft/log_store/opening.h"

enum job_kind {
    JOB_WRITE,
    JOB_CHORE,
    JOB_LAST, /* All that is queued, then the mark: closing. */
};

/* Owned by the worker from submit to done. */
struct log_job {
    struct job job; /* First. */
    struct log_store *store;
    enum job_kind kind;
    struct request_list requests;
    bool mark;              /* CHORE: note how far the log has been written. */
    bool spare;             /* CHORE: prepare the next segment. */
    enum error error;       /* What stopped the store; in and out. */
    enum error spare_error; /* NO_SPACE: no segment could be made. */
    struct writer_report report;
};

struct log_store {
    struct loop *loop;
    struct log_store_owner owner;
    uint64_t segment_bytes;

    /* The loop's half. */
    struct device *device;
    struct vote_file *votes;
    struct ballot ballot;
    uint64_t next_index; /* Given to the next append. */
    struct log_store_status status;

    /* The worker's half, touched by jobs only. */
    struct device *writer_device;
    struct writer *writer;
    enum error writer_error;

    struct worker *worker;
    struct request_list queue;
    struct log_job job;
    struct log_job last;
    bool running; /* job is the worker's. */
    bool closing;
    bool told_failed;
    bool mark_due;
    unsigned writes; /* In a row, without a chore. */
    uint64_t spare_retry_us;
    uint64_t submitted_us;
    struct writer_report report;
    struct timer *mark_timer;
    struct timer *stall_timer;
};

/** Start timers, worker and the hook at the end of a turn. NO_MEMORY or NONE.
 */
enum error pump_start(struct log_store *store);

/** Stop all that pump_start started, after writing what is queued. Blocks. */
void pump_stop(struct log_store *store);

/** Queue a request; it is the store's from here on. */
void pump_queue(struct log_store *store, struct request *request);

#endif

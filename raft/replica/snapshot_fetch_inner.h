/* What the parts of the copying side share.
 *
 *   snapshot_fetch.c  what the owner calls: begin, stop, forget
 *   snapshot_copy.c   what is asked of the other node, and what comes
 *   snapshot_work.c   what the worker does, and what follows from it
 *
 * Thread: the raft loop's, but for what the job's run touches.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_FETCH_INNER_H
#define RAFT_REPLICA_SNAPSHOT_FETCH_INNER_H

#include "proto/base/buffer.h"
#include "proto/base/worker.h"
#include "raft/replica/snapshot_fetch.h"
#include "raft/replica/snapshot_stage.h"

/* What the worker is to do. */
enum work { WORK_NONE, WORK_BEGIN, WORK_STEP, WORK_WRITE, WORK_CLEAR };

/* A chunk that came and is not yet on disk. */
struct piece {
    uint8_t *bytes;
    size_t len;
    uint64_t offset;
};

struct snapshot_fetch {
    struct loop *loop;
    struct snapshot_fetch_events events;
    struct snapshot_fetch_settings settings; /* No 0 but free_bytes_min's. */
    struct worker *worker;
    struct timer *timer;          /* Runs while copying. */
    struct snapshot_stage *stage; /* The worker's while a job runs. */
    bool closing;

    enum snapshot_fetch_state state;
    uint8_t node;
    struct snapshot_manifest *manifest; /* NULL when idle. */
    struct buffer bytes;                /* Its encoding. */

    uint32_t file;     /* The file being copied; */
    bool copying;      /* whether there is one. */
    uint64_t at;       /* The next byte to come, */
    uint64_t asked;    /* and the first not asked for. */
    unsigned bad;      /* Damaged chunks in a row. */
    uint64_t heard_us; /* When something last went on. */
    uint64_t asked_us; /* When something was last asked for. */
    struct piece pieces[SNAPSHOT_FETCH_AHEAD]; /* Oldest first. */
    size_t n_pieces;
    uint64_t bad_files; /* Copies of files thrown away since the start. */
    struct snapshot_fetch_status counts; /* Only what is counted. */

    /* Of the job, while it runs. What it was for may be over by its end. */
    struct job job;
    bool job_runs;
    enum work work;
    struct buffer begun; /* The manifest it begins with. */
    struct piece piece;
    struct snapshot_stage_step step;
    enum error error;
    enum work due; /* Next, before all else. */
};

/** Begin or clear, as soon as the job under way is done. */
void fetch_work_first(struct snapshot_fetch *fetch, enum work work);

/** Give the worker what is next for it, if anything. */
void fetch_work_on(struct snapshot_fetch *fetch);

/** Ask for as much as there is room for. What cannot be sent now is asked for
 * again by the clock. */
void fetch_ask(struct snapshot_fetch *fetch);

/** Time has passed: ask again, give up, or show a sign of life. */
void fetch_tick(struct snapshot_fetch *fetch);

/** Borrow the file that is being copied. */
const struct snapshot_file *fetch_file(const struct snapshot_fetch *fetch);

/** It came to nothing: end, and tell the owner, as the last thing done. */
void fetch_fail(struct snapshot_fetch *fetch, enum error error,
                const char *reason);

#endif

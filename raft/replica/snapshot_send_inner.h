/* What the parts of the sending side share.
 *
 *   snapshot_send.c   what the owner calls, and the clock
 *   snapshot_offer.c  one checkpoint: made, listed, summed up, removed
 *   snapshot_serve.c  one follower: what it asked for, read and sent
 *
 * Thread: the raft loop's, but for what a job's run touches.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_SEND_INNER_H
#define RAFT_REPLICA_SNAPSHOT_SEND_INNER_H

#include "proto/base/buffer.h"
#include "proto/base/worker.h"
#include "raft/replica/snapshot_files.h"
#include "raft/replica/snapshot_send.h"

/* A checkpoint, in its place on disk.
 *
 *   FREE --begin--> BEGUN --made--> LISTING --> READY
 *    ^                |               |           |
 *    |                +---------------+-----------+ drop, idle, error
 *    |                                v
 *    +----------------------------REMOVING
 */
enum offer_state {
    OFFER_FREE,
    OFFER_BEGUN,    /* The owner makes the checkpoint. */
    OFFER_LISTING,  /* Its job lists the files and sums them up. */
    OFFER_READY,    /* Followers may read. */
    OFFER_REMOVING, /* Its job removes the files, as soon as nobody reads. */
    OFFER_STATES
};

struct offer {
    struct snapshot_send *send;
    enum offer_state state;
    char path[SNAPSHOT_FILES_PATH_BYTES_MAX];
    uint64_t id;
    uint64_t used_us;  /* When it was last asked for. */
    bool unwanted;     /* It was dropped; the owner knows. */
    enum error failed; /* Why it is being removed; NONE: it was dropped. */
    size_t readers;    /* Jobs of followers that read it. */
    struct snapshot_manifest *manifest;
    struct buffer bytes; /* Its encoding; of a READY one. */

    /* Of the job, while it is under way. */
    struct job job;
    bool job_runs;
    struct device *device; /* Also of the readers' jobs. */
    bool listed;
    struct snapshot_sum sum; /* Of file @at. */
    size_t at;
    enum error error;
};

/* A follower that asks. Waiting, reading and sending go one after the other,
 * so that it never costs more than one chunk. */
struct follower {
    struct snapshot_send *send;
    uint8_t node; /* 0: a free place. */
    struct peer_snapshot_fetch asked[SNAPSHOT_SEND_ASKED_MAX];
    size_t n;
    uint64_t asked_us; /* When it last asked. */

    /* Of the job, while it is under way. */
    struct job job;
    bool job_runs;
    bool forgotten; /* What is being read is not wanted any more. */
    struct offer *offer;
    struct peer_snapshot_chunk chunk; /* Its data is @bytes. */
    const char *name;
    uint8_t *bytes; /* NULL: there is no chunk. */
    size_t len;
    enum error error;
};

struct snapshot_send {
    struct loop *loop;
    struct snapshot_send_events events;
    uint32_t idle_ms;
    uint64_t bytes_per_s;
    struct worker *worker;
    struct timer *tick;  /* While there is any offer. */
    struct timer *again; /* For what must wait a moment. */
    uint64_t again_us;   /* When it fires; 0: it does not. */
    uint64_t next_us;    /* No chunk is sent before. */
    bool closing;
    struct offer offers[SNAPSHOT_SEND_OFFERS_MAX];
    struct follower followers[SNAPSHOT_SEND_NODES_MAX];
    struct snapshot_send_status counts; /* Only what is counted up. */
};

/** Try again, after a delay, to send what waits. */
void snapshot_send_again(struct snapshot_send *send, uint64_t delay_us);

/** Begin to list and sum up a checkpoint that was made. */
void offer_list(struct offer *offer);

/** Remove a checkpoint, when its readers are done. */
void offer_remove(struct offer *offer);

/** One that was being read is read no more. */
void offer_release(struct offer *offer);

/** Try again to remove what could not be removed. */
void offer_tick(struct offer *offer);

/** Free what it holds in memory. */
void offer_deinit(struct offer *offer);

/** Find a checkpoint that may be read. NULL when there is none. */
struct offer *offer_find(struct snapshot_send *send, uint64_t id);

/** Read and send what a follower waits for, as far as may be now. */
void follower_go_on(struct follower *follower);

#endif

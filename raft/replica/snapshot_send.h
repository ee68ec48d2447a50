/* Snapshots on their way out: checkpoints of this node's state that followers
 * copy, chunk by chunk, at their own pace.
 *
 *   begin --(the owner makes the checkpoint)--> made --sums--> event ready
 *   follower: SNAPSHOT_FETCH --> read on a worker --> SNAPSHOT_CHUNK
 *   drop, or nobody asked for idle_ms --> files removed --> event dropped
 *
 * A follower says what it wants next, so it may go on where it stopped after
 * any break, and nothing is remembered of it but what it asked for and has not
 * got: memory is a chunk and a few numbers per follower, however large the
 * state. Several followers may copy one checkpoint. An id that is unknown here
 * is answered SNAPSHOT_GONE.
 *
 * Checkpoints lie in <path>/0 to <path>/3; what a crash left there is removed
 * at start.
 *
 * Thread: the raft loop's; files are touched by a worker.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_SEND_H
#define RAFT_REPLICA_SNAPSHOT_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"
#include "proto/peer.h"

struct snapshot_send;

enum {
    SNAPSHOT_SEND_OFFERS_MAX = 4, /* Checkpoints at a time. */
    SNAPSHOT_SEND_NODES_MAX = 16, /* Followers that are served at a time. */
    SNAPSHOT_SEND_ASKED_MAX = 8,  /* Chunks a follower may be waiting for. */
    SNAPSHOT_SEND_IDLE_MS = 60000,
    SNAPSHOT_SEND_BUSY_MS = 20, /* Until a full queue is tried again. */
};

struct snapshot_send_settings {
    const char *path;     /* Where checkpoints go. Copied. */
    uint32_t idle_ms;     /* 0: SNAPSHOT_SEND_IDLE_MS. */
    uint64_t bytes_per_s; /* To all followers together; 0: no limit. */
};

/* Called on the raft loop. All may call snapshot_send, but not free it. */
struct snapshot_send_events {
    void *context;
    /* Send to a node; BUSY is tried again, any other error forgets it. */
    enum error (*send)(void *context, uint8_t node,
                       const struct peer_message *message);
    /* The manifest of what was begun is made; or it cannot be, and the event
     * dropped follows. The manifest is borrowed for the call. */
    void (*ready)(void *context, uint64_t id, enum error error,
                  struct slice manifest);
    /* The checkpoint and its directory are gone. */
    void (*dropped)(void *context, uint64_t id);
};

/* What goes on, for metrics and people. */
struct snapshot_send_status {
    size_t offers;     /* Checkpoints that exist or are being made. */
    size_t followers;  /* That asked for something in the last second. */
    uint64_t chunks;   /* Sent since the start, */
    uint64_t bytes;    /* and their data. */
    uint64_t gone;     /* Answers that there is no such thing. */
    uint64_t refused;  /* Asked for beyond SNAPSHOT_SEND_ASKED_MAX. */
    size_t held_bytes; /* Memory for chunks, now. */
};

/**
 * Begin with nothing on offer; removes what an earlier run left in the path.
 * Blocks: call before the loop runs.
 *
 * @events  Copied.
 */
enum error snapshot_send_open(struct loop *loop,
                              const struct snapshot_send_settings *settings,
                              const struct snapshot_send_events *events,
                              struct snapshot_send **send_out);

/**
 * Stop the worker and free, without events. Checkpoints stay on disk until
 * the next open. Not from inside an event. Accepts NULL.
 */
void snapshot_send_close(struct snapshot_send *send);

/**
 * Look for a checkpoint that a follower can be offered as it is.
 *
 * @index         What the state in it must have applied, at least.
 * @manifest_out  Borrowed until the loop turns.
 *
 * Returns false when there is none; the newest else, which is then kept as if
 * it had been asked for now.
 */
bool snapshot_send_find(struct snapshot_send *send, uint64_t index,
                        uint64_t *id_out, struct slice *manifest_out);

/**
 * Begin a new checkpoint: the owner is to make it in the directory, which does
 * not exist, and snapshot_send_made must follow.
 *
 * @directory_out  Borrowed until the event dropped, which each gets once.
 *
 * Returns BUSY at SNAPSHOT_SEND_OFFERS_MAX, also while one that was dropped is
 * not yet removed.
 */
enum error snapshot_send_begin(struct snapshot_send *send, uint64_t *id_out,
                               const char **directory_out);

/**
 * The checkpoint was made, or could not be. Answered by the event ready.
 *
 * @index  What the state in it has applied.
 */
void snapshot_send_made(struct snapshot_send *send, uint64_t id,
                        enum error error, uint64_t index);

/**
 * Drop a checkpoint. One that is being made is dropped when that is done;
 * there is no event ready then. Does nothing for an id that is unknown.
 */
void snapshot_send_drop(struct snapshot_send *send, uint64_t id);

/** Answer a follower; a chunk comes when it is read. */
void snapshot_send_asked(struct snapshot_send *send, uint8_t node,
                         const struct peer_snapshot_fetch *fetch);

/** A follower's connection is lost: what it asked for is forgotten. */
void snapshot_send_disconnected(struct snapshot_send *send, uint8_t node);

/** Tell what goes on. */
struct snapshot_send_status snapshot_send_status(
    const struct snapshot_send *send);

#endif

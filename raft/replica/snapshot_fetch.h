/* A snapshot on its way in: another node's checkpoint, copied file by file,
 * checked and made durable, in a directory of its own until it is whole.
 *
 *   <path>/manifest       what is being copied, or
 *   <path>/whole          the same when the copy is complete and durable
 *   <path>/files/<name>   the files, as far as they are here
 *
 *   IDLE --begin--> PREPARING --> COPYING --> FINISHING --> WHOLE
 *     ^                 |            |  ^          |           |
 *     +---stop, failed--+------------+  +--rotten--+  forget---+
 *
 * PREPARING  What is there already is compared with the manifest: files that
 *            an earlier manifest had too are kept, a part of one as well.
 * COPYING    One file after the other, a few chunks asked for ahead. Each
 *            chunk has a checksum, each file one when it is whole, read back
 *            from the disk. Synced every SNAPSHOT_STAGE_SYNC_BYTES.
 * FINISHING  Directory synced, manifest renamed to whole.
 *
 * After a break of the connection copying goes on with the next chunk. After
 * a restart it goes on with the length of the file that was being copied, less
 * what may not have been synced. A newer manifest takes the place of the one
 * under way. Nothing is delivered that does not match its manifest.
 *
 * Thread: the raft loop's; files are touched by a worker.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_FETCH_H
#define RAFT_REPLICA_SNAPSHOT_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"
#include "proto/base/slice.h"
#include "proto/peer.h"

struct snapshot_fetch;

enum {
    SNAPSHOT_FETCH_AHEAD = 2,       /* Chunks asked for and not yet on disk. */
    SNAPSHOT_FETCH_BAD_MAX = 3,     /* Damaged chunks in a row. */
    SNAPSHOT_FETCH_RETRY_MS = 2000, /* Until a chunk is asked for again. */
    SNAPSHOT_FETCH_SILENT_MS = 20000, /* Without a chunk: it failed. */
    SNAPSHOT_FETCH_TOUCH_MS = 10000,  /* Between signs of life while this side
                                         is busy with its own disk. */
};

struct snapshot_fetch_settings {
    const char *path;        /* A directory for this alone. Copied. */
    uint32_t chunk_bytes;    /* 0: PEER_CHUNK_BYTES_MAX. */
    uint32_t retry_ms;       /* 0: SNAPSHOT_FETCH_RETRY_MS. */
    uint32_t silent_ms;      /* 0: SNAPSHOT_FETCH_SILENT_MS. */
    uint64_t free_bytes_min; /* Of the disk, left for others. */
};

/* Called on the raft loop. All may call snapshot_fetch, but not free it. */
struct snapshot_fetch_events {
    void *context;
    /* Send to a node. Errors are tried again. */
    enum error (*send)(void *context, uint8_t node,
                       const struct peer_message *message);
    /* The copy is whole, checked and durable. The directory holds the files of
     * the manifest and nothing else; the receiver may move them out of it, or
     * all of it away, and then calls snapshot_fetch_forget. */
    void (*ready)(void *context, const char *directory, uint64_t index);
    /* The copy cannot be had; what is here of it is kept for the next, but
     * after NO_SPACE. The fetch is idle.
     *   NOT_FOUND  the other node has given it up
     *   TIMED_OUT  nothing came for silent_ms
     *   ROTTEN     a file never came as the manifest says
     *   MALFORMED  chunks were damaged again and again
     *   NO_SPACE   it does not fit, or no longer
     *   others     what the disk reported */
    void (*failed)(void *context, enum error error, const char *reason);
};

enum snapshot_fetch_state {
    SNAPSHOT_FETCH_IDLE,
    SNAPSHOT_FETCH_PREPARING,
    SNAPSHOT_FETCH_COPYING,
    SNAPSHOT_FETCH_FINISHING,
    SNAPSHOT_FETCH_WHOLE,
};

/* What goes on, for metrics and people. */
struct snapshot_fetch_status {
    enum snapshot_fetch_state state;
    uint8_t node;        /* Copied from. */
    uint64_t index;      /* Of the snapshot; 0 when idle. */
    uint64_t bytes;      /* Of all its files, */
    uint64_t bytes_here; /* and of those that need no copying any more. */
    size_t files;        /* Their number, */
    size_t files_here;   /* and of those that are whole. */
    uint64_t fetched;    /* Bytes of data since the start. */
    uint64_t bad;        /* Chunks and files thrown away since the start. */
};

/**
 * Look at what an earlier run left in the path, keeping a copy that is whole
 * or can be continued, removing the rest. Blocks: call before the loop runs.
 *
 * @events  Copied.
 */
enum error snapshot_fetch_open(struct loop *loop,
                               const struct snapshot_fetch_settings *settings,
                               const struct snapshot_fetch_events *events,
                               struct snapshot_fetch **fetch_out);

/** Stop the worker and free, without events; what is on disk stays. Not from
 * inside an event. Accepts NULL. */
void snapshot_fetch_close(struct snapshot_fetch *fetch);

/**
 * Copy what a manifest lists from a node; ends with ready or failed, never
 * before this returns. The same manifest again changes only the node. Another
 * takes the place of the one before, whole or not, of which nothing more is
 * told: not while raft relies on that one.
 *
 * @manifest  Copied.
 *
 * Returns what snapshot_manifest_read does; nothing has changed then.
 */
enum error snapshot_fetch_begin(struct snapshot_fetch *fetch, uint8_t node,
                                struct slice manifest);

/** Stop copying, without an event; what is here is kept for the next. */
void snapshot_fetch_stop(struct snapshot_fetch *fetch);

/**
 * The whole copy is in use elsewhere, or is not wanted: forget it and remove
 * what is left of it. Not while the receiver reads the directory.
 */
void snapshot_fetch_forget(struct snapshot_fetch *fetch);

/** Take a SNAPSHOT_CHUNK or SNAPSHOT_GONE; others' and late ones are ignored.
 */
void snapshot_fetch_received(struct snapshot_fetch *fetch, uint8_t node,
                             const struct peer_message *message);

/** A node was connected anew: what was asked of it is asked again. */
void snapshot_fetch_connected(struct snapshot_fetch *fetch, uint8_t node);

/**
 * Tell whether the copy this manifest lists is whole here: at start, when
 * raft's last snapshot is one that came from another node.
 */
bool snapshot_fetch_holds(const struct snapshot_fetch *fetch,
                          struct slice manifest);

/** Borrow the directory of the files. */
const char *snapshot_fetch_directory(const struct snapshot_fetch *fetch);

/** Tell what goes on. */
struct snapshot_fetch_status snapshot_fetch_status(
    const struct snapshot_fetch *fetch);

#endif

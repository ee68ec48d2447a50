/* A follower's copy of a snapshot on disk, from its first byte to its last.
 *
 *   <path>/manifest       what is being copied, or
 *   <path>/whole          the same when the copy is complete and durable
 *   <path>/files/<name>
 *
 * The manifest is durable before any file of it is written. Of a file that is
 * being written at most SNAPSHOT_STAGE_SYNC_BYTES are not synced, so after a
 * crash all but that many of its last bytes are right; and whatever is right
 * or not, no file counts as whole before it was read back and compared.
 *
 * Every call blocks. Thread: one at a time: a worker's, or the loop's before it
 * runs and while no job does.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_STAGE_H
#define RAFT_REPLICA_SNAPSHOT_STAGE_H

#include "raft/replica/snapshot_files.h"

struct snapshot_stage;

enum {
    SNAPSHOT_STAGE_SYNC_BYTES = 4 * 1024 * 1024,
    SNAPSHOT_STAGE_COPIES_MAX = 3, /* Of one file, before it is given up. */
};

/* What a step has found out. */
enum snapshot_stage_need {
    SNAPSHOT_STAGE_AGAIN, /* More to do here: another step. */
    SNAPSHOT_STAGE_COPY,  /* A file lacks bytes. */
    SNAPSHOT_STAGE_WHOLE, /* The copy is complete and durable. */
};

struct snapshot_stage_step {
    enum snapshot_stage_need need;
    uint32_t file;       /* For COPY: its place in the manifest, */
    uint64_t offset;     /* and its first byte that lacks. */
    uint64_t bytes_here; /* Of files that are whole, or here in part, */
    size_t files_here;   /* and the number of those that are whole. */
    uint64_t bad;        /* Copies of files thrown away since the open. */
};

/** Open a path, keeping what is whole or can be continued, removing all else.
 */
enum error snapshot_stage_open(const char *path,
                               struct snapshot_stage **stage_out);

/** Free; what is on disk stays. Accepts NULL. */
void snapshot_stage_close(struct snapshot_stage *stage);

/** Borrow the path of the files' directory. */
const char *snapshot_stage_directory(const struct snapshot_stage *stage);

/** Borrow the manifest's encoding if the copy of it is whole, else none. */
struct slice snapshot_stage_whole(const struct snapshot_stage *stage);

/**
 * Begin to copy what a manifest lists, keeping of what is here the files that
 * it lists as the one before did.
 *
 * @manifest        Its encoding, which was read before. Copied.
 * @free_bytes_min  To be left on the disk for others.
 *
 * Returns NO_SPACE when it does not fit, else as the device.
 */
enum error snapshot_stage_begin(struct snapshot_stage *stage,
                                struct slice manifest, uint64_t free_bytes_min);

/**
 * Do the next piece of work: check what is here, find what lacks, and in the
 * end make the copy durable.
 *
 * Returns ROTTEN, with a line in the journal, when a file was copied
 * SNAPSHOT_STAGE_COPIES_MAX times and never was what the manifest says.
 */
enum error snapshot_stage_step(struct snapshot_stage *stage,
                               struct snapshot_stage_step *step_out);

/** Write the next bytes of the file that lacks them. */
enum error snapshot_stage_write(struct snapshot_stage *stage, uint64_t offset,
                                const void *bytes, size_t len);

/** Remove all of the copy that is still here. */
enum error snapshot_stage_clear(struct snapshot_stage *stage);

#endif

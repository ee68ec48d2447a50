/* What both ends of a transfer do with the files of one directory.
 *
 * Every call blocks. Long ones are cut into steps, so that a worker has time
 * for others and can be stopped.
 *
 * Thread: a worker's, or any before the loop runs.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_FILES_H
#define RAFT_REPLICA_SNAPSHOT_FILES_H

#include "raft/device.h"
#include "raft/replica/snapshot_manifest.h"

enum {
    SNAPSHOT_FILES_STEP_BYTES = 8 * 1024 * 1024, /* Summed up in a step. */
    SNAPSHOT_FILES_PATH_BYTES_MAX = 1024,
};

/* How far a file is summed up. */
struct snapshot_sum {
    uint64_t offset;
    uint64_t checksum; /* Of the bytes before it. */
    bool ended;        /* They are all of the file. */
};

/**
 * Put the names and lengths of a directory's files into a manifest.
 *
 * Returns INVALID for a name that is none, TOO_LARGE, or as the device.
 */
enum error snapshot_files_list(struct device *device,
                               struct snapshot_manifest *manifest);

/** Begin to sum a file up. */
void snapshot_files_sum_begin(struct snapshot_sum *sum);

/** Sum a file up, by one step. */
enum error snapshot_files_sum(struct device *device, const char *name,
                              struct snapshot_sum *sum);

/**
 * Read a piece of a file.
 *
 * Returns ROTTEN when the file ends before the piece does.
 */
enum error snapshot_files_read(struct device *device, const char *name,
                               uint64_t offset, void *bytes, size_t len);

/**
 * Remove the files of a directory, durably.
 *
 * @keep  Those in this manifest stay; NULL: none.
 */
enum error snapshot_files_remove(struct device *device,
                                 const struct snapshot_manifest *keep);

/** Remove a directory with its files, durably. */
enum error snapshot_files_remove_all(const char *path);

#endif

/* The list of a snapshot's files that raft carries in place of the state: what
 * a follower fetches from it and checks its copy against.
 *
 * On the wire and in the log it is bytes with a version and a checksum:
 *
 *   8  "perchSM1"
 *   8  id            little-endian, as all numbers
 *   8  index
 *   4  number of files
 *      each: 1 length of its name, the name, 8 bytes, 8 CRC-64 of them
 *   4  CRC32C of all before
 *
 * Names are in ascending order, so that no file is there twice and one list
 * has one encoding.
 *
 * Thread: any.
 */
#ifndef RAFT_REPLICA_SNAPSHOT_MANIFEST_H
#define RAFT_REPLICA_SNAPSHOT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    SNAPSHOT_NAME_BYTES_MAX = 64, /* With the NUL. */
    SNAPSHOT_FILES_MAX = 8192,    /* So that a manifest fits its message. */
};

/* So that no sum of their lengths overflows. */
#define SNAPSHOT_FILE_BYTES_MAX (INT64_MAX / SNAPSHOT_FILES_MAX)

struct snapshot_file {
    char name[SNAPSHOT_NAME_BYTES_MAX];
    uint64_t bytes;
    uint64_t checksum; /* Of the whole file: checksum64_extend. */
};

struct snapshot_manifest {
    uint64_t id;    /* Random: one checkpoint of one leader. */
    uint64_t index; /* The state in it has applied this index at least. */
    size_t n;
    struct snapshot_file *files; /* By name, ascending. */
};

/** Make an empty manifest. NULL when memory is out. Owned by the caller. */
struct snapshot_manifest *snapshot_manifest_new(uint64_t id, uint64_t index);

/** Free. Accepts NULL. */
void snapshot_manifest_free(struct snapshot_manifest *manifest);

/**
 * Add a file, at its place in the order of names.
 *
 * Returns INVALID for a name that is none, EXISTS for one that is there, or
 * TOO_LARGE at SNAPSHOT_FILES_MAX or beyond SNAPSHOT_FILE_BYTES_MAX.
 */
enum error snapshot_manifest_add(struct snapshot_manifest *manifest,
                                 const struct snapshot_file *file);

/** Append the manifest's encoding. NO_MEMORY when memory is out. */
enum error snapshot_manifest_write(const struct snapshot_manifest *manifest,
                                   struct buffer *to);

/**
 * Read an encoding, believing nothing: whatever it says, memory is bounded by
 * its length.
 *
 * @manifest_out  Set only on success. Owned by the caller.
 *
 * Returns UNSUPPORTED when it is of another version or no manifest at all,
 * MALFORMED, TOO_LARGE or NO_MEMORY.
 */
enum error snapshot_manifest_read(struct slice bytes,
                                  struct snapshot_manifest **manifest_out);

/** Find a file by its name; its place, or n when it is not there. */
size_t snapshot_manifest_find(const struct snapshot_manifest *manifest,
                              const char *name);

/** Sum up the files' bytes. */
uint64_t snapshot_manifest_bytes(const struct snapshot_manifest *manifest);

/**
 * Tell whether a name that a peer sent may be a file's: letters, digits, ".",
 * "-" and "_", not beginning with ".", short enough.
 */
bool snapshot_name_is_valid(const char *name);

#endif

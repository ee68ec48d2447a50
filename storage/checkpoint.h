/* Checkpoints: a store as it was at one index, as a directory of files that
 * no longer change, and the list of those files that a follower checks its
 * copy against.
 *
 * The sums are computed when the checkpoint is made, not while it is sent: the
 * list must be complete before the first byte goes out, because raft carries
 * it in the message that the copy has to match, and a transfer that resumes in
 * the middle of a file needs no reading from its start.
 *
 * Every call but checkpoint_free blocks and belongs on a worker. Thread: one
 * call at a time per directory.
 */
#ifndef STORAGE_CHECKPOINT_H
#define STORAGE_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"

struct store;

enum {
    CHECKPOINT_NAME_BYTES_MAX = 64, /* With the NUL. */
    CHECKPOINT_FILES_MAX = 65536,
};

struct checkpoint_file {
    char name[CHECKPOINT_NAME_BYTES_MAX];
    uint64_t bytes;
    uint32_t checksum; /* CRC32C of the whole file. */
};

struct checkpoint {
    uint64_t index; /* store_applied of a store opened on it. */
    size_t n;
    struct checkpoint_file *files; /* By name, ascending. */
};

/**
 * Make a checkpoint of a store, flushing it first. Commits may go on.
 *
 * @path            Must not exist; on the same file system as the store, for
 *                  the files are hard links. Not durable by itself.
 * @bytes_per_s     Do not read faster than this; 0 for no limit.
 * @checkpoint_out  Free with checkpoint_free.
 *
 * Returns EXISTS, NO_SPACE, STORE_IO, IO, ROTTEN, TOO_LARGE when there are
 * more than CHECKPOINT_FILES_MAX files. Nothing is left at path then.
 */
enum error store_checkpoint(struct store *store, const char *path,
                            uint64_t bytes_per_s,
                            struct checkpoint **checkpoint_out);

/**
 * Read every row of a checkpoint or of a staged copy with RocksDB's own block
 * checksums. A file may match the list and still hold rot that the leader's
 * disk had before; a follower finds it here, before it installs.
 *
 * Returns ROTTEN for the first damaged file.
 */
enum error checkpoint_verify(const char *path, uint64_t bytes_per_s);

/**
 * List a directory's files with their lengths and checksums.
 *
 * @index           What the list is to say.
 * @checkpoint_out  Free with checkpoint_free.
 */
enum error checkpoint_list(const char *path, uint64_t index,
                           uint64_t bytes_per_s,
                           struct checkpoint **checkpoint_out);

/**
 * Compare a directory with a list: the same names, lengths and checksums.
 *
 * Returns ROTTEN and one journal line for the first file that differs, is
 * missing, or is not in the list.
 */
enum error checkpoint_check(const char *path,
                            const struct checkpoint *checkpoint,
                            uint64_t bytes_per_s);

/** Free a list; the directory stays. Accepts NULL. */
void checkpoint_free(struct checkpoint *checkpoint);

/**
 * Tell whether a name that a peer sent may be a file of a checkpoint: letters,
 * digits, ".", "-" and "_", not beginning with ".", short enough.
 */
bool checkpoint_name_is_valid(const char *name);

#endif

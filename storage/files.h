/* The few file operations that directories of stores need: checkpoints,
 * staged snapshots, the pointer to the current store.
 *
 * Two implementations, chosen when a program is linked: storage/os (POSIX)
 * and tests/sim (directories in memory that forget what was not synced).
 * Paths are absolute or relative to where the program runs.
 *
 * Every call may block. Thread: any, one at a time per path.
 */
#ifndef STORAGE_FILES_H
#define STORAGE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"

enum { FILES_PATH_BYTES_MAX = 1024 }; /* With the NUL. */

/* What files_list tells of one entry. */
struct files_entry {
    const char *name; /* Without its directory. */
    bool is_directory;
    uint64_t bytes; /* 0 for a directory. */
};

/** Make a directory; its parent must exist. One that exists is no error. */
enum error files_make_directory(const char *path);

/**
 * Call each for every entry of a directory, in no order. It may remove the
 * entry it is called for, and change nothing else in the directory.
 *
 * @entry  Borrowed for the call.
 *
 * Returns NOT_FOUND when there is no such directory, NONE, or the first error
 * that each returns, which ends the walk.
 */
enum error files_list(const char *path,
                      enum error (*each)(void *context,
                                         const struct files_entry *entry),
                      void *context);

/**
 * Read up to len bytes at an offset; fewer only at the end of the file.
 *
 * Returns NOT_FOUND when there is no such file.
 */
enum error files_read(const char *path, uint64_t offset, void *bytes,
                      size_t len, size_t *got_out);

/** Write at an offset, making the file when missing. Durable by files_sync. */
enum error files_write(const char *path, uint64_t offset, const void *bytes,
                       size_t len);

/**
 * Make a file's bytes durable, or a directory's names.
 */
enum error files_sync(const char *path);

/**
 * Rename a file, replacing @to, or a directory to a new name. Durable when
 * the directories of both names are synced.
 */
enum error files_rename(const char *from, const char *to);

/**
 * Remove a file, or a directory with all that is in it. Durable when its
 * directory is synced. NOT_FOUND when there is none.
 */
enum error files_remove(const char *path);

/**
 * Put a path together: directory, "/", name.
 *
 * Returns TOO_LARGE when it does not fit in FILES_PATH_BYTES_MAX.
 */
enum error files_path(char to[FILES_PATH_BYTES_MAX], const char *directory,
                      const char *name);

#endif

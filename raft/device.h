/* The files of one directory, as the log store and snapshot transfer need
 * them: few operations, each an honest report of what is durable.
 *
 * Two implementations, chosen when a program is linked: raft/os (POSIX) and
 * tests/sim (a disk that loses, tears and flips).
 *
 * Every call may block; call from a worker, or at start before loops run. A
 * device and its files are used by one thread at a time.
 */
#ifndef RAFT_DEVICE_H
#define RAFT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"

struct device;
struct device_file;

/* What a write may tear: the unit that addresses, lengths and buffers of
 * DEVICE_DIRECT files are multiples of. */
enum { DEVICE_BLOCK_BYTES = 4096, DEVICE_NAME_BYTES_MAX = 255 };

enum device_flags {
    DEVICE_READ = 0,
    DEVICE_WRITE = 1 << 0,  /* Also for reading. */
    DEVICE_CREATE = 1 << 1, /* Make it when missing; fails when it exists. */
    DEVICE_DIRECT = 1 << 2, /* Past the page cache; each write is durable when
                               it returns (O_DIRECT and O_DSYNC). */
};

/**
 * Open a directory, making it and its parents when missing.
 *
 * @path  Also the name in journal lines. Copied.
 *
 * Returns what the system reports. Close with device_close.
 */
enum error device_open(const char *path, struct device **device_out);

/** Open a directory as device_open, but make none: NOT_FOUND. */
enum error device_find(const char *path, struct device **device_out);

/** Close the directory; its files must be closed. Accepts NULL. */
void device_close(struct device *device);

/**
 * Remove an empty directory, durably. One that does not exist is removed.
 *
 * Returns IO when there is anything in it.
 */
enum error device_remove_directory(const char *path);

/** Borrow the path it was opened with. */
const char *device_path(const struct device *device);

/**
 * Call each for every regular file in the directory, in no order.
 *
 * @name  Borrowed for the call.
 */
enum error device_list(struct device *device,
                       void (*each)(void *context, const char *name,
                                    uint64_t bytes),
                       void *context);

/**
 * Rename a file, replacing @to, or a directory in this one, to a name that does
 * not exist; @to may be in a directory below this one, with slashes. Durable after device_sync; of a directory, a crash before that may
 * leave some files under the old name.
 *
 * Returns NOT_FOUND when there is none.
 */
enum error device_rename(struct device *device, const char *from,
                         const char *to);

/** Remove a file. Durable after device_sync. NOT_FOUND when there is none. */
enum error device_remove(struct device *device, const char *name);

/** Make the directory's names durable. */
enum error device_sync(struct device *device);

/** Count the bytes an unprivileged writer may still use on the disk. */
enum error device_free_bytes(struct device *device, uint64_t *bytes_out);

/**
 * Open a file of the directory by its plain name.
 *
 * @flags  Of enum device_flags.
 */
enum error device_file_open(struct device *device, const char *name,
                            unsigned flags, struct device_file **file_out);

/** Close a file. Accepts NULL. Does not sync. */
void device_file_close(struct device_file *file);

/** Tell the file's length in bytes. */
enum error device_file_bytes(struct device_file *file, uint64_t *bytes_out);

/**
 * Read up to len bytes at an offset; fewer only at the end of the file.
 */
enum error device_file_read(struct device_file *file, uint64_t offset,
                            void *bytes, size_t len, size_t *got_out);

/**
 * Write len bytes at an offset. Durable at once for DEVICE_DIRECT files, else
 * after device_file_sync. After an error nothing is known of the range.
 */
enum error device_file_write(struct device_file *file, uint64_t offset,
                             const void *bytes, size_t len);

/** Make the file's bytes and length durable. */
enum error device_file_sync(struct device_file *file);

/**
 * Make the file bytes long with zeros written to disk, so that later writes
 * inside need no metadata. Durable after device_file_sync, for DEVICE_DIRECT
 * files too: filled in many small steps and synced once, 64 MiB take a tenth
 * of the time that as many synced steps take.
 */
enum error device_file_fill(struct device_file *file, uint64_t bytes);

/** Cut or extend the file. Durable after device_file_sync. */
enum error device_file_cut(struct device_file *file, uint64_t bytes);

#endif

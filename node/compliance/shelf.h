/* Files below one directory, put there durably and in groups: each written
 * under a temporary name, synced, renamed, its directory synced. A reader finds
 * a file whole or not at all, at whatever moment the machine stopped.
 *
 * Paths are relative, parts separated by slashes; directories are made as they
 * are needed. Many directories are open at a time, since raft/device.h knows
 * flat ones alone.
 *
 * Thread: one at a time, a worker's: every call may block.
 */
#ifndef NODE_COMPLIANCE_SHELF_H
#define NODE_COMPLIANCE_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

struct shelf;

enum {
    SHELF_PATH_BYTES_MAX = 768, /* With the shelf's own directory. */
    SHELF_GROUP_MAX = 64,       /* Files written and not yet named. */
    SHELF_DIRECTORIES_MAX = 80, /* Open at a time: more than a group needs. */
};

/** Make; nothing is opened yet. Stops when memory is out. */
struct shelf *shelf_new(const char *directory);

/** Forget what was not committed and free. Accepts NULL. */
void shelf_free(struct shelf *shelf);

/**
 * Write a file, to be there under its name after the next shelf_commit, in
 * place of one that is.
 *
 * Returns what the device says; shelf_reset is then due.
 */
enum error shelf_put(struct shelf *shelf, const char *path, struct slice bytes);

/** Make all durable that was put and removed. As shelf_put. */
enum error shelf_commit(struct shelf *shelf);

/** Forget what was put and not committed, and close all: after an error. */
void shelf_reset(struct shelf *shelf);

/**
 * Read a file whole.
 *
 * @to  Cleared first.
 *
 * Returns NOT_FOUND, TOO_LARGE for more than bytes_max, or what the device
 * says.
 */
enum error shelf_read(struct shelf *shelf, const char *path, size_t bytes_max,
                      struct buffer *to);

/** Tell whether there is such a file, and how long it is: NOT_FOUND. */
enum error shelf_find(struct shelf *shelf, const char *path,
                      uint64_t *bytes_out);

/**
 * Move a file or directory of the shelf's own directory to one below it, which
 * is made. What is not there is moved. Durable after shelf_sync_moves.
 */
enum error shelf_move(struct shelf *shelf, const char *name,
                      const char *directory);

/** Make moves to a directory durable. */
enum error shelf_sync_moves(struct shelf *shelf, const char *directory);

/** Remove a file; one that is not there is removed. Durable after the next
 * shelf_commit. */
enum error shelf_remove(struct shelf *shelf, const char *path);

/** Remove a directory of files and all that is in it, durably; one that is not
 * there is removed. */
enum error shelf_clear(struct shelf *shelf, const char *directory);

/** Call each for every file of a directory; none when it does not exist. */
enum error shelf_list(struct shelf *shelf, const char *directory,
                      void (*each)(void *context, const char *name,
                                   uint64_t bytes),
                      void *context);

/** Count the bytes that may still be written. */
enum error shelf_free_bytes(struct shelf *shelf, uint64_t *bytes_out);

/** Count the bytes put since the shelf was made. */
uint64_t shelf_bytes(const struct shelf *shelf);

#endif

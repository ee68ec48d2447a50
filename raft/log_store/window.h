/* A file seen through memory that moves along it, for reading a log in big
 * pieces.
 *
 * Thread: the opener's.
 */
#ifndef RAFT_LOG_STORE_WINDOW_H
#define RAFT_LOG_STORE_WINDOW_H

#include "proto/base/slice.h"
#include "raft/log_store/block.h"

struct window {
    struct device_file *file; /* Owned. */
    uint64_t file_bytes;
    uint8_t *bytes;
    size_t capacity;
    uint64_t from; /* Offset in the file of bytes[0]. */
    size_t len;
};

/**
 * Allocate the memory.
 *
 * @view_bytes  The most that log_window_at is asked for.
 *
 * Returns NO_MEMORY or NONE.
 */
enum error log_window_init(struct window *window, size_t view_bytes);

/** Free, and close the file. */
void log_window_deinit(struct window *window);

/** Look at another file, by name; the one before is closed. */
enum error log_window_open(struct window *window, struct device *device,
                           const char *name);

/**
 * Borrow len bytes at an offset, until the next call.
 *
 * Both are multiples of the block and lie in the file; len is at most
 * view_bytes.
 *
 * Returns what the device reports, or TRUNCATED when the file is shorter than
 * it was.
 */
enum error log_window_at(struct window *window, uint64_t offset, size_t len,
                         const uint8_t **bytes_out);

/**
 * Find the end of the last block, from an offset on, that is not all zero.
 *
 * @end_out  The offset itself when all is zero to the end of the file.
 */
enum error log_window_used_end(struct window *window, uint64_t offset,
                               uint64_t *end_out);

#endif

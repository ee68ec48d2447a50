/* A file that is replaced whole, durably, and read whole.
 *
 * Thread: any; calls block.
 */
#ifndef OPS_WITNESS_BOOK_FILE_H
#define OPS_WITNESS_BOOK_FILE_H

#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

/** Replace a file, or make it: PATH.new is written, synced and renamed, and the
 * directory synced. */
enum error book_file_replace(const char *path, struct slice bytes);

/** Append a file's bytes. TOO_LARGE beyond bytes_max. */
enum error book_file_read(const char *path, size_t bytes_max,
                          struct buffer *to);

/** Take PATH.lock for this process. BUSY when another has it.
 * @fd_out  Gives it back when closed. */
enum error book_file_lock(const char *path, int *fd_out);

#endif

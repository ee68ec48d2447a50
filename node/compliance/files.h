/* Files that are kept for compliance, each under its SHA-256: what users send
 * each other, when there is a service that takes it.
 *
 *   files/ab/ab12...        the bytes whose SHA-256 in hex begins with ab
 *
 * What is put is durable when the call returns; the same bytes put again are
 * the same file. What is got was compared with its digest.
 *
 * Thread: one at a time, a worker's: every call may block.
 */
#ifndef NODE_COMPLIANCE_FILES_H
#define NODE_COMPLIANCE_FILES_H

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"

/* Of one file. Larger ones are refused as a whole: they are held in memory. */
enum { FILE_STORE_BYTES_MAX = 64 * 1024 * 1024 };

struct file_store;

/**
 * Make.
 *
 * @directory  The archive's. Copied; nothing is opened yet.
 *
 * Stops when memory is out. Owned by the caller.
 */
struct file_store *file_store_new(const char *directory);

/** Free. Accepts NULL. */
void file_store_free(struct file_store *files);

/**
 * Keep a file, durably. One that is there and damaged is written anew.
 *
 * @digest_out  Its SHA-256: its name from now on.
 *
 * Returns TOO_LARGE beyond FILE_STORE_BYTES_MAX, NO_SPACE when less would
 * remain free than an archive leaves (pen.h), or what the device says; it may
 * then be put again.
 */
enum error file_store_put(struct file_store *files, struct slice bytes,
                          struct merkle_hash *digest_out);

/**
 * Get a file.
 *
 * @to  Cleared first.
 *
 * Returns NOT_FOUND, ROTTEN for bytes of another digest, with a journal line,
 * or what the device says.
 */
enum error file_store_get(struct file_store *files,
                          const struct merkle_hash *digest, struct buffer *to);

#endif

/* Reads an archive's files: records, hashes, roots and payloads of its tree.
 *
 * Knows no rules and no store: a directory of C2SP tlog-tiles (proto/tlog/
 * tile.h) and the payloads beside them. What is read is as the disk has it;
 * who must be sure compares with a root that is believed.
 *
 * Thread: one at a time, a worker's: every call may block.
 */
#ifndef NODE_COMPLIANCE_TILES_H
#define NODE_COMPLIANCE_TILES_H

#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/tlog/merkle.h"

struct tiles;

/* Of a payload: what a command may be. */
enum { TILES_PAYLOAD_BYTES_MAX = 1024 * 1024 };

/**
 * Begin to read.
 *
 * @directory  The archive's. Copied; nothing is opened yet.
 *
 * Stops when memory is out. Owned by the caller.
 */
struct tiles *tiles_open(const char *directory);

/** Free. Accepts NULL. */
void tiles_close(struct tiles *tiles);

/** Forget what was read: files may have been replaced. */
void tiles_forget(struct tiles *tiles);

/**
 * Read a record (proto/record.h).
 *
 * @record_out  Borrowed until the next call.
 *
 * Returns NOT_FOUND when no file has it, ROTTEN for a bundle that is none, or
 * what the device says.
 */
enum error tiles_record(struct tiles *tiles, uint64_t csn,
                        struct slice *record_out);

/**
 * Read the first hashes of a tile.
 *
 * @bytes_out  Borrowed until the next call.
 *
 * Returns NOT_FOUND when no file has so many. Else as tiles_record.
 */
enum error tiles_tile(struct tiles *tiles, int level, uint64_t index,
                      unsigned width, struct slice *bytes_out);

/** Read the first records of a bundle, with their lengths. As tiles_tile. */
enum error tiles_bundle(struct tiles *tiles, uint64_t index, unsigned width,
                        struct slice *bytes_out);

/** A merkle_reader; context is the tiles. As tiles_record. */
enum error tiles_hash(void *tiles, unsigned level, uint64_t index,
                      struct merkle_hash *hash_out);

/** Compute the root of the first size records. As tiles_record. */
enum error tiles_root(struct tiles *tiles, uint64_t size,
                      struct merkle_hash *root_out);

/**
 * Read the payload of a record that has it beside it.
 *
 * @to  Cleared first.
 *
 * Returns NOT_FOUND when it is withheld or not there; ROTTEN when its digest is
 * another.
 */
enum error tiles_payload(struct tiles *tiles, uint64_t csn, struct buffer *to);

#endif

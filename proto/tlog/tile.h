/* Where the hashes and records of an archive lie as files: C2SP tlog-tiles.
 *
 *   tile/L/N           256 hashes of level L: roots of full subtrees of
 *                      256^L leaves
 *   tile/L/N.p/W       the first W of them, as long as there are no more
 *   tile/entries/N     256 records, each after its length in 16 bits
 *   tile/entries/N.p/W
 *
 * N is written in groups of three digits, all but the last after an x:
 * 1234067 is x001/x234/067.
 *
 * Source: C2SP tlog-tiles.
 *
 * Pure. Thread: any.
 */
#ifndef PROTO_TLOG_TILE_H
#define PROTO_TLOG_TILE_H

#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    TILE_WIDTH = 256,
    TILE_HEIGHT = 8, /* log2 of TILE_WIDTH. */
    TILE_LEVELS = 8, /* For up to 2^63 records. */
    TILE_BYTES = TILE_WIDTH * 32,
    TILE_ENTRIES = -1, /* The level of entry bundles. */
    TILE_PATH_BYTES = 80,
};

/**
 * Write a tile's path, with its NUL.
 *
 * @level  0 to TILE_LEVELS - 1, or TILE_ENTRIES.
 * @width  1 to TILE_WIDTH; less than that is a partial tile.
 */
void tile_path(char path[TILE_PATH_BYTES], int level, uint64_t index,
               unsigned width);

/** Tell how many of a tile's hashes (or records) a tree of that size has: 0 to
 * TILE_WIDTH. */
unsigned tile_width(int level, uint64_t index, uint64_t size);

/** Append a record to an entry bundle. */
void bundle_add(struct buffer *bundle, struct slice record);

/**
 * Step through an entry bundle.
 *
 * @rest  At first the whole; moved on.
 *
 * Returns NOT_FOUND at its end, TRUNCATED when it ends inside a record.
 */
enum error bundle_next(struct slice *rest, struct slice *record_out);

#endif

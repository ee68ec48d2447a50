/* The open end of an archive's tree: the tiles and the bundle that are not full
 * yet. Records go in, full tiles come out; partial ones can be had at any time.
 *
 * Pure. Thread: one at a time.
 */
#ifndef NODE_COMPLIANCE_TILER_H
#define NODE_COMPLIANCE_TILER_H

#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/tile.h"

/* Entries of one bundle, at their largest: 256 records and their lengths. */
enum { BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + 65535) };

/* All to be read; changed by tiler_* alone. */
struct tiler {
    uint64_t size; /* Records. */
    struct buffer bundle;
    uint8_t tiles[TILE_LEVELS][TILE_BYTES];
};

/**
 * Take a tile that is full, or with tiler_partial one that is not.
 *
 * @level  TILE_ENTRIES for a bundle.
 * @bytes  Borrowed for the call.
 */
typedef enum error tiler_take(void *context, int level, uint64_t index,
                              unsigned width, struct slice bytes);

/** Begin an empty tree. */
void tiler_init(struct tiler *tiler);

/** Free what it holds. */
void tiler_deinit(struct tiler *tiler);

/**
 * Go on with a tree of that size whose bundles are all full.
 *
 * @size  A multiple of TILE_WIDTH.
 * @read  Gives the roots of full tiles: asked with levels that are multiples of
 *        TILE_HEIGHT, 8 and up.
 *
 * Returns what read returns.
 */
enum error tiler_resume(struct tiler *tiler, uint64_t size, merkle_reader *read,
                        void *context);

/**
 * Add a record.
 *
 * @take  Gets what becomes full by it, lower levels first.
 *
 * Returns what take returns, or NO_MEMORY; the tiler is then good for nothing.
 */
enum error tiler_add(struct tiler *tiler, struct slice record, tiler_take *take,
                     void *context);

/**
 * Give out the tiles and the bundle that a tree of the first size records has
 * begun and not filled, unless they are full by now.
 */
enum error tiler_partial(struct tiler *tiler, uint64_t size, tiler_take *take,
                         void *context);

/** Compute the root of all records. */
void tiler_root(const struct tiler *tiler, struct merkle_hash *root_out);

/** Compute the root of a full tile, or of 2^n hashes. */
void tiler_fold(const uint8_t *hashes, size_t n, struct merkle_hash *root_out);

#endif

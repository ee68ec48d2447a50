/* Checkpoints: a store as it was at one index, as a directory of files that
 * no longer change and that a store can be opened on. raft lists and sums up
 * its files when it sends them.
 *
 * Both calls block and belong on a worker. Thread: one call at a time per
 * directory.
 */
#ifndef STORAGE_CHECKPOINT_H
#define STORAGE_CHECKPOINT_H

#include <stdint.h>

#include "proto/base/error.h"

struct store;

/**
 * Make a checkpoint of a store, flushing it first. Commits may go on.
 *
 * @path       Must not exist; on the same file system as the store, for the
 *             files are hard links. Not durable by itself.
 * @index_out  store_applied of a store opened on it.
 *
 * Returns EXISTS, NO_SPACE, STORE_IO, IO or ROTTEN. Nothing is left at path
 * then.
 */
enum error store_checkpoint(struct store *store, const char *path,
                            uint64_t *index_out);

/**
 * Read every row of a checkpoint, from the disk itself where the file system
 * allows, with RocksDB's own block checksums: sums over files do not show rot
 * that the disk had before they were made.
 *
 * Returns ROTTEN for the first damaged file.
 */
enum error checkpoint_verify(const char *path);

#endif

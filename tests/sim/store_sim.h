/* The store in memory, for perch-sim: what tests may do to it beyond
 * storage/store.h.
 *
 * Rows live in an ordered tree, each with as many versions as views and the
 * last flush need. files_sim_crash drops every store below a directory back to
 * what RocksDB would have on disk; handles of before then answer CLOSED and
 * are freed by store_abandon. A checkpoint is a directory of real (simulated)
 * files, so that it can be sent, torn and flipped like one.
 *
 * Thread: as storage/store.h.
 */
#ifndef TESTS_SIM_STORE_SIM_H
#define TESTS_SIM_STORE_SIM_H

#include <stdint.h>

#include "proto/base/error.h"

/* Checkpoints are cut into files of about this size, to have several. */
enum { STORE_SIM_FILE_BYTES = 4096 };

/**
 * Let stores flush by themselves after so many commits, as RocksDB does when
 * its memtables are full: durable, though store_flushed does not tell.
 *
 * @commits  0, the default: only when asked.
 */
void store_sim_flush_every(uint64_t commits);

/**
 * Let a store's rows rot: whatever reads them, or opens it, finds out. A
 * checkpoint is made as if nothing were wrong, and is as rotten.
 *
 * Returns NOT_FOUND when no store was ever open there.
 */
enum error store_sim_rot(const char *path);

#endif

/* Which directory is the store, and how another takes its place.
 *
 *   <data>/store/CURRENT          names the store; text with a checksum
 *   <data>/store/store-<n>-<i>/   generation n, which began at log index i
 *
 * A generation above the current one is a ready snapshot: complete, checked
 * and durable. A snapshot's way in; a crash after any step leaves one complete
 * current generation, and what is ready stays until it is installed, replaced
 * or outdated:
 *
 *   adopt    renamed to store-<n+1>-<i>, an older ready one removed
 *   install  CURRENT.new written, synced, renamed to CURRENT, its directory
 *            synced
 *   sweep    store-<n>-* removed, when nobody has it open any more
 *
 * How its files are received is raft's affair (raft/replica).
 *
 * CURRENT says "founding" before the first generation is made, so that a crash
 * there is told apart from a CURRENT that somebody lost: a store directory that
 * holds anything without CURRENT is ROTTEN.
 *
 * Every call may block. Thread: one at a time.
 */
#ifndef STORAGE_GENERATION_H
#define STORAGE_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "storage/checkpoint.h"

struct generation;

/* Where a crash may fall. */
#define GENERATION_STEP_LIST(X)                                                \
    X(CURRENT_WRITTEN, "current_written")                                      \
    X(CURRENT_SYNCED, "current_synced")                                        \
    X(CURRENT_RENAMED, "current_renamed")                                      \
    X(CURRENT_DURABLE, "current_durable")                                      \
    X(FORMATTED, "formatted")                                                  \
    X(ADOPT_RENAMED, "adopt_renamed")                                          \
    X(ADOPTED, "adopted")                                                      \
    X(SWEEPING, "sweeping")                                                    \
    X(SWEPT, "swept")

#define GENERATION_STEP_ENUM(name, text) GENERATION_##name,
enum generation_step {
    GENERATION_STEP_LIST(GENERATION_STEP_ENUM) GENERATION_STEPS
};
#undef GENERATION_STEP_ENUM

/* For tests: called when a step is done and the next is not begun. */
struct generation_options {
    void (*on_step)(void *context, enum generation_step step);
    void *context;
};

/**
 * Find the current store below a data directory, founding an empty one when
 * there is none yet, and sweep what crashes have left behind.
 *
 * @data     Must exist.
 * @options  NULL in programs.
 *
 * A founded store is at index 0: whoever knows of a log that begins later
 * finds out through generation_reconcile. Returns ROTTEN when CURRENT is
 * damaged or missing or names what is not there. Owned by the caller.
 */
enum error generation_open(const char *data,
                           const struct generation_options *options,
                           struct generation **generation_out);

/** Free; touches nothing on disk. Accepts NULL. */
void generation_close(struct generation *generation);

/** Borrow the path of the current store, for store_open. */
const char *generation_path(const struct generation *generation);

/**
 * Tell whether a snapshot is ready to install, and its index.
 *
 * @index_out  Set only when there is one.
 */
bool generation_ready(const struct generation *generation, uint64_t *index_out);

/**
 * Decide at start whether store and log fit together.
 *
 * @applied         store_applied of the current store.
 * @snapshot_index  Index of raft's last snapshot, 0 for none: the log before
 *                  it is gone.
 * @log_last_index  Last index in raft's log, or of its snapshot.
 * @install_out     Set: close the store, install what is ready, open again.
 *
 * Returns NONE when replay can go on from the store, or from what is ready;
 * FORGOTTEN when entries between store and log are nowhere, or when the log
 * ends before what the store has applied.
 */
enum error generation_reconcile(const struct generation *generation,
                                uint64_t applied, uint64_t snapshot_index,
                                uint64_t log_last_index, bool *install_out);

/**
 * Make ready what was received and checked elsewhere.
 *
 * @directory  On the same file system; whole and durable. It is renamed, and
 *             gone from where it was when this returns NONE.
 * @index      At which its state is, or later.
 *
 * Returns FORGOTTEN when a newer one is ready.
 */
enum error generation_adopt(struct generation *generation,
                            const char *directory, uint64_t index);

/**
 * Make the ready snapshot the current store. The store must be closed.
 *
 * @applied  Index the current store has reached.
 *
 * Returns NOT_FOUND when none is ready, FORGOTTEN when it is older than
 * applied: state never moves backwards.
 */
enum error generation_install(struct generation *generation, uint64_t applied);

/**
 * Remove all that is neither the current store nor a ready snapshot above
 * index applied. Nobody may have it open.
 */
enum error generation_sweep(struct generation *generation, uint64_t applied);

#endif

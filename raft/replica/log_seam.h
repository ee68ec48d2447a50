/* The core's log (struct core_log), kept by the log store.
 *
 * Completions can be held back: to a follower's core its disk then looks slow,
 * and its leader sends no more than it can take. That is how an owner who is
 * behind is waited for.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_LOG_SEAM_H
#define RAFT_REPLICA_LOG_SEAM_H

#include "proto/base/buffer.h"
#include "raft/core_seams.h"
#include "raft/log_store.h"

struct log_seam;

/**
 * Put a seam over an opened log.
 *
 * @store, recovered  Taken over: log_seam_close and _free end them.
 *
 * Returns NULL when memory is out; they are then still the caller's.
 */
struct log_seam *log_seam_new(struct log_store *store,
                              struct log_recovered *recovered);

/**
 * Finish what is being written and close the log; nothing is told any more.
 * Blocks. Before the core is freed, whose bytes are being written. Accepts
 * NULL.
 */
void log_seam_close(struct log_seam *seam);

/** Free what is closed, after the core. Accepts NULL. */
void log_seam_free(struct log_seam *seam);

/** The functions for the core. */
struct core_log log_seam_functions(struct log_seam *seam);

/** Hold back completions, or let them go. */
void log_seam_hold(struct log_seam *seam, bool hold);

/** Tell figures and bounds of the store. */
void log_seam_status(const struct log_seam *seam,
                     struct log_store_status *status_out);

/** Borrow what the log's snapshot says; empty when there is none. Until the
 * core has started. */
const struct log_snapshot *log_seam_snapshot(const struct log_seam *seam);

/** Free what the core has loaded. */
void log_seam_loaded(struct log_seam *seam);

#endif

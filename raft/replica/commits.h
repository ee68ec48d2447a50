/* Committed entries on their way to the owner: gathered per turn of the loop,
 * handed over in batches, watched until they are applied.
 *
 *   core --entry--> batch --flush, end of turn--> owner --applied--> forgotten
 *                     \--while a snapshot is being restored: kept back
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_COMMITS_H
#define RAFT_REPLICA_COMMITS_H

#include "raft/replica/memo.h"

enum { COMMITS_BYTES_MAX = 64 * 1024 * 1024 }; /* Given and not yet applied. */

struct commits;

/**
 * Make one that sends to the owner.
 *
 * @from_index  Entries up to here are the owner's already.
 *
 * Returns NULL when memory is out.
 */
struct commits *commits_new(struct letters *owner, uint64_t from_index);

/** Free, with what was not sent. Accepts NULL. */
void commits_free(struct commits *commits);

/** An entry is committed. Copied. */
void commits_entry(struct commits *commits, uint64_t index, uint64_t term,
                   struct slice bytes);

/** Send what has been gathered. */
void commits_flush(struct commits *commits);

/** Keep back what comes from now on: the owner's state is being replaced by
 * one that holds all up to an index. */
void commits_hold(struct commits *commits, uint64_t index);

/** Send what was kept back. */
void commits_release(struct commits *commits);

/** The owner has applied up to an index. */
void commits_applied(struct commits *commits, uint64_t index);

/** Tell the last index given to the owner, or that it had before. */
uint64_t commits_given(const struct commits *commits);

/** Count the entries that the owner has not applied. */
uint64_t commits_lag(const struct commits *commits);

/** Tell whether the owner is too far behind to be given more. */
bool commits_is_behind(const struct commits *commits);

#endif

/* Taking a snapshot of the own state, and writing any.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_SNAPSHOT_H
#define RAFT_GUARD_SNAPSHOT_H

#include "raft/guard/internal.h"

/** raft_io.snapshot_put. */
int guard_snapshot_put(struct raft_io *io, unsigned trailing,
                       struct raft_io_snapshot_put *req,
                       const struct raft_snapshot *snapshot,
                       raft_io_snapshot_put_cb cb);

/** raft_io.async_work. */
int guard_async_work(struct raft_io *io, struct raft_io_async_work *req,
                     raft_io_async_work_cb cb);

/** Tell whether a leader's snapshot is being installed by the core. */
bool guard_installing(const struct guard *guard);

/** End what is under way, telling the core, which is closing. */
void guard_abandon_snapshots(struct guard *guard);

#endif

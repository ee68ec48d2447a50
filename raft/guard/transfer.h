/* A snapshot on its way out to a peer.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_TRANSFER_H
#define RAFT_GUARD_TRANSFER_H

#include "raft/guard/internal.h"

/** raft_io.snapshot_get. */
int guard_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                       raft_io_snapshot_get_cb cb);

/** End a peer's snapshot state, and look on from an index that it may have. */
void guard_probe_from(struct guard *guard, raft_id peer, raft_index index);

/** Ask again for the snapshots that could not be had. */
void guard_retry_gets(struct guard *guard);

/** End all requests for a snapshot, telling the core, which is closing. */
void guard_abandon_gets(struct guard *guard);

#endif

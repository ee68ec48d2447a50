/* The library's state machine, and snapshots.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_MACHINE_H
#define RAFT_CORE_MACHINE_H

#include "raft/core/internal.h"

/** Fill in the raft_fsm. */
void core_machine_init(struct core *core);

/** raft_io.snapshot_get: a manifest, which the owner makes. */
int core_io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                         raft_io_snapshot_get_cb cb);

/** raft_io.async_work: a flush, which the owner does. */
int core_io_async_work(struct raft_io *io, struct raft_io_async_work *req,
                       raft_io_async_work_cb cb);

/** Ask the owner for what the library has asked for. */
void core_settle_snapshots(struct core *core);

/** Free what snapshots hold; the library is closed. */
void core_drop_snapshots(struct core *core);

#endif

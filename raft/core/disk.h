/* The library's disk requests, put to the log.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_DISK_H
#define RAFT_CORE_DISK_H

#include "raft/core/internal.h"

/** raft_io.load: what the log holds. */
int core_io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                 struct raft_snapshot **snapshot, raft_index *start_index,
                 struct raft_entry *entries[], size_t *n_entries);

/** raft_io.set_term. */
int core_io_set_term(struct raft_io *io, raft_term term);

/** raft_io.set_vote. */
int core_io_set_vote(struct raft_io *io, raft_id server_id);

/** raft_io.append. */
int core_io_append(struct raft_io *io, struct raft_io_append *req,
                   const struct raft_entry entries[], unsigned n,
                   raft_io_append_cb cb);

/** raft_io.truncate. */
int core_io_truncate(struct raft_io *io, raft_index index);

/** raft_io.snapshot_put: a marker of our own, or a leader's manifest. */
int core_io_snapshot_put(struct raft_io *io, unsigned trailing,
                         struct raft_io_snapshot_put *req,
                         const struct raft_snapshot *snapshot,
                         raft_io_snapshot_put_cb cb);

/** Forget all writes under way; the log is abandoned. */
void core_drop_writes(struct core *core);

#endif

/* The node's own writes to its log.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_DISK_H
#define RAFT_GUARD_DISK_H

#include "raft/guard/internal.h"

/** raft_io.append: entries to the disk, remembered until they are on it. */
int guard_append(struct raft_io *io, struct raft_io_append *req,
                 const struct raft_entry entries[], unsigned n,
                 raft_io_append_cb cb);
/** raft_io.truncate. */
int guard_truncate(struct raft_io *io, raft_index index);

/** Tell whether entries asked for before a term are still being written. */
bool guard_writing_before(const struct guard *guard, raft_term term);

/** Tell whether any entries are still being written. */
bool guard_writing(const struct guard *guard);

/** Tell the core that the first write is on disk. */
void guard_deliver_write(struct guard *guard);

/** Forget all writes, telling the core, which is closing. */
void guard_abandon_writes(struct guard *guard);

#endif

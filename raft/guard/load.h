/* What the disk held at start.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_LOAD_H
#define RAFT_GUARD_LOAD_H

#include "raft/guard/internal.h"

/** raft_io.load: each entry with a block of its own. */
int guard_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
               struct raft_snapshot **snapshot, raft_index *start_index,
               struct raft_entry *entries[], size_t *n_entries);

#endif

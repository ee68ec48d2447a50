/* What the core knows, read from its struct: log, members, progress of peers.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_VIEW_H
#define RAFT_GUARD_VIEW_H

#include "raft/guard/internal.h"
#include "raft/guard/log_view.h"

/** Tell the last index of the log, in memory. */
static inline raft_index guard_last_index(const struct guard *guard)
{
    return log_view_last(guard_raft(guard));
}

/** Tell the term of an entry; 0 when the log does not hold it. */
static inline raft_term guard_term_of(const struct guard *guard,
                                      raft_index index)
{
    return log_view_term(guard_raft(guard), index);
}

/** Find a server in the configuration in use; its count when absent. */
unsigned guard_server_index(const struct guard *guard, raft_id id);

/** Count the voters of the configuration in use. */
unsigned guard_voters(const struct guard *guard);

/** Borrow a peer's progress; NULL unless leader and the peer is a member. */
struct raft_progress *guard_progress(const struct guard *guard, raft_id peer);

#endif

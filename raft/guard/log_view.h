/* The core's log in memory, as the library's own log.c would tell it: a ring
 * of entries that begins after `offset`, and the snapshot before it.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_GUARD_LOG_VIEW_H
#define RAFT_GUARD_LOG_VIEW_H

#include <raft.h>

/** Tell the last index of the log. */
raft_index log_view_last(const struct raft *raft);

/** Tell the term of an entry; 0 when the log does not hold it. */
raft_term log_view_term(const struct raft *raft, raft_index index);

#endif

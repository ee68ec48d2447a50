/* AppendEntries on their way in.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_APPEND_H
#define RAFT_GUARD_APPEND_H

#include "raft/guard/internal.h"

/** Give the core AppendEntries, or what may be given of it. */
void guard_receive_append(struct guard *guard, struct raft_message *message);

/** Deliver in place of a message a heartbeat that vouches for nothing. */
void guard_deliver_blank(struct guard *guard, struct raft_message *message);

/** Note that our log is the leader's up to index, in its term. */
void guard_verify(struct guard *guard, raft_term term, raft_index index);

#endif

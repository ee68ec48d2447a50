/* When a leader's core is told that its own writes are on disk.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_HOLD_H
#define RAFT_GUARD_HOLD_H

#include "raft/guard/internal.h"

/** Tell the core of all writes that are done and need not be held. */
void guard_release(struct guard *guard);

/** Tell the core of all writes that are done: leadership is about to end. */
void guard_release_all(struct guard *guard);

#endif

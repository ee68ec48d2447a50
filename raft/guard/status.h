/* What the guard knows: for its owner's decisions, and for metrics.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_GUARD_STATUS_H
#define RAFT_GUARD_STATUS_H

#include "raft/guard/guard.h"

/**
 * Tell who leads the current term; 0 when that is not known, and while
 * leadership is handed over. (raft_leader may name the leader of an earlier
 * term.)
 */
raft_id guard_leader(const struct guard *guard);

/** Tell whether this leader's no-op is applied: it knows all that was
 * committed before it. */
bool guard_settled(const struct guard *guard);

/** Tell whether a change of members or a transfer may begin now (CONF). */
bool guard_may_change(const struct guard *guard);

/** Tell whether a snapshot of the state as applied may be taken now. To be
 * asked in raft_fsm.snapshot, which answers RAFT_BUSY otherwise. */
bool guard_may_snapshot(const struct guard *guard);

/** Tell how long the oldest append has been under way; 0 when none is. */
uint64_t guard_write_wait_ms(const struct guard *guard);

/** Borrow how often each rule has acted: GUARD_RULE_COUNT numbers. */
const uint64_t *guard_counts(const struct guard *guard);

#endif

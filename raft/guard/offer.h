/* A leader's snapshot on its way in.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_OFFER_H
#define RAFT_GUARD_OFFER_H

#include "raft/guard/internal.h"

/** Give the core an InstallSnapshot, or keep it until its files are here. */
void guard_receive_snapshot(struct guard *guard, struct raft_message *message);

/** Give the core the offered snapshot when all is ready for it. */
void guard_offer_step(struct guard *guard);

/** Forget the offered snapshot. */
void guard_void_offer(struct guard *guard);

#endif

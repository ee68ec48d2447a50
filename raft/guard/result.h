/* Results of AppendEntries and InstallSnapshot, both ways.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_RESULT_H
#define RAFT_GUARD_RESULT_H

#include "raft/guard/internal.h"

/** As leader, give the core a result, or what may be given of it. */
void guard_receive_result(struct guard *guard, struct raft_message *message);

/** Mend a result on its way out; false when it must not go. */
bool guard_send_result(struct guard *guard, struct raft_message *message);

/** Give the core the acknowledgements that rule FIG8 kept back. */
void guard_early_acks(struct guard *guard);

#endif

/* The batches in flight.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_PROPOSE_H
#define RAFT_CORE_PROPOSE_H

#include "raft/core/internal.h"

/** Account for the batches in flight: which are applied, which are lost. */
void core_settle_batches(struct core *core);

#endif

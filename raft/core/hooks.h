/* What the guard tells, handed on to the owner.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_HOOKS_H
#define RAFT_CORE_HOOKS_H

#include "raft/core/internal.h"

/** Make the core's guard. NULL when memory is out. */
struct guard *core_new_guard(struct core *core);

#endif

/* The inner raft_io: what the library asks of the world, behind the guard.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_IO_H
#define RAFT_CORE_IO_H

#include "raft/core/internal.h"

/** Fill in core->io. */
void core_io_fill(struct core *core);

#endif

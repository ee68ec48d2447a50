/* The configurations that the log has held.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_HISTORY_H
#define RAFT_CORE_HISTORY_H

#include "raft/core/internal.h"

/** Read an entry that holds a configuration; false for bytes that are none. */
bool core_read_members(struct slice bytes, struct core_members *members);

/** Note that the log holds a configuration; false for bytes that are none. */
bool core_history_entry(struct core *core, uint64_t index, struct slice bytes);

/** Note that a snapshot has replaced the log. False when memory is out. */
bool core_history_snapshot(struct core *core, uint64_t index,
                           const struct core_members *members);

/** Forget the configurations from index on: the log was cut. */
void core_history_cut(struct core *core, uint64_t index);

/** Borrow the configuration in force at last_applied; NULL for none. */
const struct core_configuration *core_history_applied(struct core *core);

#endif

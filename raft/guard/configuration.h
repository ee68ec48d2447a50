/* The configuration in use, which may be uncommitted.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_CONFIGURATION_H
#define RAFT_GUARD_CONFIGURATION_H

#include "raft/guard/internal.h"

/** Mend what raft_start forgets about the configuration. */
void guard_configuration_started(struct guard *guard);

/** Forget a configuration that an installed snapshot has replaced. */
void guard_configuration_installed(struct guard *guard);

/** Tell whether cutting the log at index would cut the configuration. */
bool guard_cuts_configuration(const struct guard *guard, raft_index index);

/** Have the log cut durably before index, and stop. */
void guard_cut(struct guard *guard, enum guard_rule rule, raft_index index);

#endif

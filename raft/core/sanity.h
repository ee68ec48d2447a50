/* What comes from a peer, before the library sees it.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_SANITY_H
#define RAFT_CORE_SANITY_H

#include "raft/core/internal.h"

/** Tell whether a message is one that a sane peer could send. */
bool core_is_sane(const struct core *core, const struct core_message *message);

#endif

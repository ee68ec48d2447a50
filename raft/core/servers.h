/* Configurations between the library's form and ours.
 *
 * Of the core binding alone. Thread: raft loop.
 */
#ifndef RAFT_CORE_SERVERS_H
#define RAFT_CORE_SERVERS_H

#include "raft/core/internal.h"

/** Translate a configuration from the library's. */
struct core_members core_members_of(const struct raft_configuration *servers);

/** Translate a configuration for the library, which owns it then. */
int core_servers_of(const struct core_members *members,
                    struct raft_configuration *servers);

enum { CORE_ADDRESS_BYTES = 24 };

/** Write the address the library knows a member by. */
void core_address(uint64_t id, char address[CORE_ADDRESS_BYTES]);

#endif

#include "raft/guard/view.h"

unsigned guard_server_index(const struct guard *guard, raft_id id)
{
    const struct raft_configuration *servers =
        &guard_raft(guard)->configuration;

    for (unsigned i = 0; i < servers->n; i++) {
        if (servers->servers[i].id == id) {
            return i;
        }
    }
    return servers->n;
}

unsigned guard_voters(const struct guard *guard)
{
    const struct raft_configuration *servers =
        &guard_raft(guard)->configuration;
    unsigned n = 0;

    for (unsigned i = 0; i < servers->n; i++) {
        n += servers->servers[i].role == RAFT_VOTER;
    }
    return n;
}

struct raft_progress *guard_progress(const struct guard *guard, raft_id peer)
{
    const struct raft *raft = guard_raft(guard);
    unsigned i = guard_server_index(guard, peer);

    if (raft->state != RAFT_LEADER || i == raft->configuration.n) {
        return NULL;
    }
    return &raft->leader_state.progress[i];
}

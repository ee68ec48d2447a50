#include "raft/core_members.h"

#include <string.h>

#include "proto/base/check.h"
#include "raft/core/internal.h"
#include "raft/core/servers.h"
#include "raft/guard/layout.h"
#include "raft/guard/status.h"

/* libraft leaves the bytes that fill up to a multiple of 8 as malloc gave
 * them, and each founder writes this entry for itself: all write the same. */
static void zero_padding(const struct raft_configuration *servers,
                         struct raft_buffer *encoded)
{
    size_t used = 1 + 8; /* Format, number of servers; of each id and role. */

    for (unsigned i = 0; i < servers->n; i++) {
        used += 8 + strlen(servers->servers[i].address) + 1 + 1;
    }
    CHECK(used <= encoded->len && encoded->len - used < 8);
    memset((uint8_t *)encoded->base + used, 0, encoded->len - used);
}

enum error core_first_entry(const struct core_members *members,
                            struct buffer *bytes)
{
    struct raft_configuration servers;
    struct raft_buffer encoded;
    int rv = core_servers_of(members, &servers);

    if (rv == 0) {
        rv = raft_configuration_encode(&servers, &encoded);
    }
    if (rv == 0) {
        zero_padding(&servers, &encoded);
    }
    raft_configuration_close(&servers);
    if (rv != 0) {
        return rv == RAFT_NOMEM ? ERROR_NO_MEMORY : ERROR_INVALID;
    }
    buffer_append(bytes, encoded.base, encoded.len);
    raft_free(encoded.base);
    return buffer_failed(bytes) ? ERROR_NO_MEMORY : ERROR_NONE;
}

struct core_peers core_peers(const struct core *core)
{
    const struct raft *raft = &core->raft;
    struct core_peers peers = {.n = raft->configuration.n,
                               .uncommitted_index =
                                   raft->configuration_uncommitted_index};

    CHECK(peers.n <= CORE_MEMBERS_MAX);
    for (unsigned i = 0; i < raft->configuration.n; i++) {
        peers.list[i].id = raft->configuration.servers[i].id;
        peers.list[i].role =
            (enum core_member_role)raft->configuration.servers[i].role;
        if (raft->state == RAFT_LEADER) {
            const struct raft_progress *progress =
                &raft->leader_state.progress[i];

            peers.list[i].match_index = progress->match_index;
            peers.list[i].in_snapshot =
                progress->state == GUARD_PROGRESS_SNAPSHOT;
        }
    }
    return peers;
}

bool core_may_change(const struct core *core)
{
    return !core->stopped && guard_may_change(core->guard);
}

static enum error not_now(const struct core *core)
{
    if (core->stopped || core->raft.state != RAFT_LEADER) {
        return ERROR_NOT_LEADER;
    }
    return guard_may_change(core->guard) ? ERROR_NONE : ERROR_BUSY;
}

static enum error changed(struct core *core, int rv)
{
    guard_step(core->guard);
    core_settle(core);
    switch (rv) {
    case 0:
        return ERROR_NONE;
    case RAFT_NOTLEADER:
        return ERROR_NOT_LEADER;
    case RAFT_BADID:
    case RAFT_NOTFOUND:
        return ERROR_NOT_FOUND;
    case RAFT_DUPLICATEID:
    case RAFT_DUPLICATEADDRESS:
        return ERROR_EXISTS;
    case RAFT_BADROLE:
        return ERROR_INVALID;
    case RAFT_NOMEM:
        return ERROR_NO_MEMORY;
    default:
        return ERROR_BUSY;
    }
}

enum error core_add(struct core *core, uint64_t id)
{
    char address[CORE_ADDRESS_BYTES];

    TRY(not_now(core));
    if (core->raft.configuration.n >= CORE_MEMBERS_MAX) {
        return ERROR_TOO_LARGE;
    }
    core_address(id, address);
    return changed(core,
                   raft_add(&core->raft, &core->change, id, address, NULL));
}

enum error core_assign(struct core *core, uint64_t id,
                       enum core_member_role role)
{
    TRY(not_now(core));
    return changed(
        core, raft_assign(&core->raft, &core->change, id, (int)role, NULL));
}

enum error core_remove(struct core *core, uint64_t id)
{
    TRY(not_now(core));
    return changed(core, raft_remove(&core->raft, &core->change, id, NULL));
}

enum error core_transfer(struct core *core, uint64_t id)
{
    TRY(not_now(core));
    return changed(core, raft_transfer(&core->raft, &core->transfer, id, NULL));
}

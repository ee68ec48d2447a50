/* Configurations between the library's form and ours. */
#include "raft/core/servers.h"

#include "proto/base/check.h"

void core_address(uint64_t id, char address[CORE_ADDRESS_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    do {
        address[n++] = digits[id & 15];
        id >>= 4;
    } while (id != 0);
    address[n] = '\0';
}

struct core_members core_members_of(const struct raft_configuration *servers)
{
    struct core_members members = {.n = servers->n};

    CHECK(servers->n <= CORE_MEMBERS_MAX);
    for (unsigned i = 0; i < servers->n; i++) {
        members.list[i].id = servers->servers[i].id;
        members.list[i].role = (enum core_member_role)servers->servers[i].role;
    }
    return members;
}

int core_servers_of(const struct core_members *members,
                    struct raft_configuration *servers)
{
    raft_configuration_init(servers);
    for (size_t i = 0; i < members->n; i++) {
        char address[CORE_ADDRESS_BYTES];
        int rv;

        core_address(members->list[i].id, address);
        rv = raft_configuration_add(servers, members->list[i].id, address,
                                    (int)members->list[i].role);
        if (rv != 0) {
            return rv;
        }
    }
    return 0;
}

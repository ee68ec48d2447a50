/* What a lone keeps over a crash. */
#include "tests/cluster/lone_disk.h"

#include <string.h>

#include "proto/base/check.h"

struct lone_members lone_voters(unsigned n)
{
    struct lone_members members = {.n = n};

    for (unsigned i = 0; i < n; i++) {
        members.ids[i] = i + 1;
        members.roles[i] = RAFT_VOTER;
    }
    return members;
}

void lone_to_configuration(const struct lone_members *members,
                           struct raft_configuration *servers)
{
    raft_configuration_init(servers);
    for (unsigned i = 0; i < members->n; i++) {
        char address[8] = {(char)('0' + members->ids[i]), 0};

        CHECK(raft_configuration_add(servers, members->ids[i], address,
                                     members->roles[i]) == 0);
    }
}

struct lone_entry lone_command(raft_term term, uint64_t value)
{
    struct lone_entry entry = {
        .term = term, .type = RAFT_COMMAND, .len = sizeof(value)};

    memcpy(entry.bytes, &value, sizeof(value));
    return entry;
}

struct lone_entry lone_change(raft_term term,
                              const struct lone_members *members)
{
    struct lone_entry entry = {.term = term, .type = RAFT_CHANGE};
    struct raft_configuration servers;
    struct raft_buffer buffer;

    lone_to_configuration(members, &servers);
    CHECK(raft_configuration_encode(&servers, &buffer) == 0);
    CHECK(buffer.len <= LONE_BYTES_MAX);
    entry.len = buffer.len;
    memcpy(entry.bytes, buffer.base, buffer.len);
    raft_free(buffer.base);
    raft_configuration_close(&servers);
    return entry;
}

raft_index lone_disk_put(struct lone_disk *disk, struct lone_entry entry)
{
    CHECK(disk->n < LONE_LOG_MAX);
    disk->log[disk->n++] = entry;
    return disk->first + disk->n - 1;
}

void lone_disk_found(struct lone_disk *disk, const struct lone_members *members)
{
    memset(disk, 0, sizeof(*disk));
    disk->term = 1;
    disk->first = 1;
    lone_disk_put(disk, lone_change(1, members));
}

raft_index lone_disk_add(struct lone_disk *disk, raft_term term, uint64_t value)
{
    return lone_disk_put(disk, lone_command(term, value));
}

raft_index lone_disk_add_members(struct lone_disk *disk, raft_term term,
                                 const struct lone_members *members)
{
    return lone_disk_put(disk, lone_change(term, members));
}

void lone_disk_fill(struct lone_disk *disk, unsigned voters, raft_index last)
{
    struct lone_members members = lone_voters(voters);

    lone_disk_found(disk, &members);
    while (disk->n < last) {
        lone_disk_add(disk, 1, 100 + disk->n);
    }
}

void lone_disk_truncate(struct lone_disk *disk, raft_index index)
{
    if (index < disk->first) {
        disk->n = 0;
    } else if (index - disk->first < disk->n) {
        disk->n = (unsigned)(index - disk->first);
    }
}

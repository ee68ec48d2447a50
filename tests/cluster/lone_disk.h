/* A lone's disk: term, vote, snapshot and log, as a crash leaves them. A test
 * writes it before a start and reads it after.
 */
#ifndef TESTS_CLUSTER_LONE_DISK_H
#define TESTS_CLUSTER_LONE_DISK_H

#include <raft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LONE_LOG_MAX = 512, LONE_BYTES_MAX = 128, LONE_MEMBERS_MAX = 5 };

struct lone_members {
    unsigned n;
    raft_id ids[LONE_MEMBERS_MAX];
    int roles[LONE_MEMBERS_MAX];
};

/* An entry: a command carries a value, a change its encoded members. */
struct lone_entry {
    raft_term term;
    unsigned short type;
    size_t len;
    uint8_t bytes[LONE_BYTES_MAX];
};

/* What survives a crash. */
struct lone_disk {
    raft_term term;
    raft_id vote;
    raft_index snapshot_index; /* 0: none. */
    raft_term snapshot_term;
    raft_index snapshot_members_index;
    struct lone_members snapshot_members;
    raft_index first; /* Index of log[0]. */
    unsigned n;
    struct lone_entry log[LONE_LOG_MAX];
    bool batched; /* Load entry 1, then all others in one batch each, as raft/uv
                     loads segments. */
};

/** Members that all vote. */
struct lone_members lone_voters(unsigned n);

/** A founder's disk: term 1, entry 1 with the members. */
void lone_disk_found(struct lone_disk *disk,
                     const struct lone_members *members);

/** Add a command to the log on disk; its index is returned. */
raft_index lone_disk_add(struct lone_disk *disk, raft_term term,
                         uint64_t value);

/** Add a change of members to the log on disk. */
raft_index lone_disk_add_members(struct lone_disk *disk, raft_term term,
                                 const struct lone_members *members);

/** A founder's disk with voters 1 to n, and commands of term 1 up to last. */
void lone_disk_fill(struct lone_disk *disk, unsigned voters, raft_index last);

/** Make a command, as lone_receive_append takes it. */
struct lone_entry lone_command(raft_term term, uint64_t value);

/** Make a change of members. */
struct lone_entry lone_change(raft_term term,
                              const struct lone_members *members);

/** Add any entry; its index is returned. */
raft_index lone_disk_put(struct lone_disk *disk, struct lone_entry entry);

/** Cut the log from index on. */
void lone_disk_truncate(struct lone_disk *disk, raft_index index);

/** Translate members for the library, which owns what it is given. */
void lone_to_configuration(const struct lone_members *members,
                           struct raft_configuration *servers);

#endif

/* One libraft core behind one guard, and a test that is all the rest of the
 * world: it hands in messages, completes writes, lets time pass, and looks at
 * what comes out. Several of them make a pool whose every step is scripted.
 */
#ifndef TESTS_CLUSTER_LONE_H
#define TESTS_CLUSTER_LONE_H

#include <raft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "raft/guard/guard.h"
#include "tests/cluster/lone_disk.h"

enum {
    LONE_SENT_MAX = 4096,
    LONE_WRITES_MAX = 512,
    LONE_APPLIED_MAX = 1024,
    LONE_ELECTION_MS = 500,
    LONE_HEARTBEAT_MS = 50,
};

/* A message that went out. Entries are borrowed from the core until the send is
 * finished; their terms are copied. */
struct lone_sent {
    struct raft_message message;
    raft_term terms[64];
    struct raft_io_send *request;
    raft_io_send_cb cb;
    bool finished;
    bool passed; /* To another lone. */
};

/* An append asked for and not completed. */
struct lone_write {
    struct raft_io_append *request;
    raft_io_append_cb cb;
    raft_index first;
    unsigned n;
    struct lone_entry *entries;
};

/* How a lone is set up; 0 stands for what is usual. */
struct lone_options {
    uint64_t rules;
    bool withhold; /* Snapshots are offered before the core sees them. */
    bool pre_vote;
    unsigned send_entries_max;
    unsigned snapshot_threshold, snapshot_trailing;
    unsigned snapshot_wait;  /* Entries, while a peer is copying. */
    unsigned random_percent; /* Where in its range a random number lies. */
};

struct lone {
    struct raft raft;
    struct raft_fsm fsm;
    struct raft_io io;
    struct guard *guard;
    struct lone_disk *disk;
    raft_io_tick_cb tick;
    raft_io_recv_cb receive;
    uint64_t now_ms;
    struct lone_options options;

    struct lone_sent sent[LONE_SENT_MAX];
    unsigned n_sent;
    bool hold_sends; /* Sends are finished by lone_finish_sends only. */
    int send_result; /* What the next sends return. */

    struct lone_write writes[LONE_WRITES_MAX];
    unsigned first_write, n_writes; /* Open: [first_write, n_writes). */
    int meta_result; /* What set_term, set_vote and truncate return. */
    unsigned truncates;
    raft_index truncated_at;
    bool truncated_in_put; /* While a snapshot was being written. */

    struct raft_io_snapshot_put *put;
    raft_io_snapshot_put_cb put_cb;
    struct lone_disk put_disk; /* What the disk will be. */
    unsigned puts, gets, works, restores;
    struct raft_io_snapshot_get *get;
    raft_io_snapshot_get_cb get_cb;

    uint64_t applied[LONE_APPLIED_MAX]; /* Value by index; 0: none. */
    struct guard_role role;
    unsigned fatals;
    enum guard_fatal why;
    raft_index cut_index;
    unsigned offers, drops;
    raft_index commit_told;
    unsigned votes; /* Times set_vote named another than before, per term. */
};

/** Start a node from its disk, which is borrowed. */
struct lone *lone_start(struct lone_disk *disk, raft_id id,
                        const struct lone_options *options);

/** The same with rules alone set. */
struct lone *lone_start_plain(struct lone_disk *disk, raft_id id,
                              uint64_t rules);

/** kill -9 and free. Writes not completed are not on the disk. */
void lone_kill(struct lone *lone);

/** Let ms pass, then tick. */
void lone_tick(struct lone *lone, uint64_t ms);

/** Make it the leader of the next term, by the votes of all others. */
void lone_elect(struct lone *lone);

/** Hand in a message. */
void lone_receive(struct lone *lone, struct raft_message *message);

/** Hand in AppendEntries. */
void lone_receive_append(struct lone *lone, raft_id from, raft_term term,
                         raft_index prev_index, raft_term prev_term,
                         raft_index commit, const struct lone_entry *entries,
                         unsigned n);

/** Hand in the result of one. */
void lone_receive_result(struct lone *lone, raft_id from, raft_term term,
                         raft_index rejected, raft_index last_index);

/** Hand in RequestVote. */
void lone_receive_vote(struct lone *lone, raft_id from, raft_term term,
                       raft_index last_index, raft_term last_term, bool disrupt,
                       bool pre_vote);

/** Hand in the result of one. */
void lone_receive_vote_result(struct lone *lone, raft_id from, raft_term term,
                              bool granted, bool pre_vote);

/** Hand in InstallSnapshot. */
void lone_receive_snapshot(struct lone *lone, raft_id from, raft_term term,
                           raft_index last_index, raft_term last_term,
                           const struct lone_members *members);

/** Complete the oldest write; false when there is none. */
bool lone_written(struct lone *lone);

/** Complete all writes. */
void lone_write_all(struct lone *lone);

/** Let the oldest write fail. */
void lone_write_fails(struct lone *lone, int status);

/** Complete the snapshot being written. */
void lone_put_done(struct lone *lone, int status);

/** As leader, propose a command. Returns what raft_apply returns. */
int lone_propose(struct lone *lone, uint64_t value);

/** Call back for sends that were held. */
void lone_finish_sends(struct lone *lone);

/** Find the newest message of a type sent to a server (0: any); NULL: none. */
const struct lone_sent *lone_find_sent(const struct lone *lone, int type,
                                       raft_id to);

/** Count the messages of a type sent to a server (0: any). */
unsigned lone_count_sent(const struct lone *lone, int type, raft_id to);

/** Forget what was sent. */
void lone_clear_sent(struct lone *lone);

/** Hand all that one has sent to the other over; tells how many. */
unsigned lone_pass(struct lone *from, struct lone *to);

#endif

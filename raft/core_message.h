/* What the cores of a pool's nodes say to one another, and what a log holds,
 * in types of our own: the transport carries and the log store keeps them, and
 * neither knows what library decides.
 *
 * Members are known by their raft id: (incarnation << 8) | node.
 */
#ifndef RAFT_CORE_MESSAGE_H
#define RAFT_CORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

enum core_entry_kind {
    CORE_ENTRY_COMMAND = 1, /* For apply; its bytes are the proposer's. */
    CORE_ENTRY_BARRIER = 2, /* A won term's no-op. */
    CORE_ENTRY_MEMBERS = 3, /* A configuration, in the library's coding. */
};

/* One entry of the log; its index is known from its place. */
struct core_entry {
    uint64_t term;
    enum core_entry_kind kind;
    struct slice bytes; /* Borrowed. A multiple of 8. */
};

enum core_member_role {
    CORE_STANDBY = 0, /* Gets the log, has no vote. */
    CORE_VOTER = 1,
    CORE_SPARE = 2, /* Known, gets nothing. */
};

struct core_member {
    uint64_t id;
    enum core_member_role role;
};

enum { CORE_MEMBERS_MAX = 16 };

struct core_members {
    size_t n;
    struct core_member list[CORE_MEMBERS_MAX];
};

enum core_message_kind {
    CORE_APPEND = 1, /* A leader's entries, or its heartbeat. */
    CORE_APPEND_RESULT,
    CORE_VOTE, /* A candidate asks. */
    CORE_VOTE_RESULT,
    CORE_SNAPSHOT,      /* A leader offers a snapshot in place of entries. */
    CORE_TIMEOUT_NOW,   /* A leader hands leadership over. */
    CORE_SNAPSHOT_LOST, /* To the leader: what it offered cannot be had. Ours,
                           not the library's; it carries a term only. */
};

enum core_pre_vote {
    CORE_PRE_VOTE_UNKNOWN = 0,
    CORE_PRE_VOTE_YES = 1,
    CORE_PRE_VOTE_NO = 2,
};

struct core_message {
    enum core_message_kind kind;
    uint64_t peer; /* Sender where it arrives, receiver where it leaves. */
    uint64_t term;
    union {
        struct {
            uint64_t prev_index, prev_term;
            uint64_t commit_index;
            const struct core_entry *entries; /* Borrowed. */
            size_t n;
        } append;
        struct {
            uint64_t rejected; /* The index refused; 0 for success. */
            uint64_t last_index;
        } append_result;
        struct {
            uint64_t candidate;
            uint64_t last_index, last_term;
            bool disrupt; /* Its leader told it to stand. */
            bool pre_vote;
        } vote;
        struct {
            bool granted;
            enum core_pre_vote pre_vote;
        } vote_result;
        struct {
            uint64_t last_index, last_term;
            uint64_t members_index;
            const struct core_members *members; /* Borrowed. */
            struct slice manifest;              /* Borrowed. */
        } snapshot;
        struct {
            uint64_t last_index, last_term;
        } timeout_now;
    };
};

/** Name a kind of message, for the journal. Returns a static string. */
const char *core_message_name(enum core_message_kind kind);

#endif

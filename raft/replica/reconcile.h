/* What the leader changes next about who belongs to the pool: from what is and
 * what should be, one step at a time.
 *
 * What should be: of each configured node the raft id it is connected with is
 * a voter, and no older raft id of it is left. On its way in a raft id goes
 *
 *   (unknown) --add--> SPARE --assign--> STANDBY --level--> VOTER
 *
 * and only then is the node's older one removed. A step is proposed only when
 * a majority of the voters is connected and level with the log, before the
 * step and after it. What is not connected stays as it is: absence alone costs
 * nobody a vote. A raft id that was a member once and is none now never becomes
 * one again: only members get the log, so whoever has one was a member.
 *
 * Pure: reads its argument, keeps nothing. The caller asks it again when
 * something has changed, and from time to time.
 *
 * Thread: any.
 */
#ifndef RAFT_REPLICA_RECONCILE_H
#define RAFT_REPLICA_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/peer.h"
#include "raft/core_members.h"

enum {
    /* Entries a member may lack and still be called level: what two full
     * batches in flight are, and as much again. */
    RECONCILE_LEVEL_ENTRIES = 4096,
};

/* A node as configured, and what is decided about it. */
struct reconcile_node {
    uint8_t node;
    bool may_rejoin; /* By the pool's policy, or because an operator has said
                        so for this time. */
};

struct reconcile_input {
    uint64_t self;   /* Raft id of this node, which leads. */
    bool may_change; /* core_may_change. */
    const struct core_peers *peers;
    uint64_t last_index;             /* Of the leader's log. */
    const struct peer_hello *hellos; /* Of the nodes connected now. */
    size_t n_hellos;
    const struct reconcile_node *nodes; /* All configured, this one too. */
    size_t n_nodes;
};

#define RECONCILE_ACTION_LIST(X)                                               \
    X(NOTHING, "nothing")                                                      \
    X(ADD, "add as spare")                                                     \
    X(STANDBY, "make a standby")                                               \
    X(VOTER, "make a voter")                                                   \
    X(REMOVE, "remove")

/* Why, in the order in which they are told when several hold. */
#define RECONCILE_REASON_LIST(X)                                               \
    X(SETTLED, "every configured node is a voter")                             \
    X(NEW, "a configured node asks to join")                                   \
    X(KNOWN, "it is to get the log")                                           \
    X(LEVEL, "it is level with the log")                                       \
    X(LEFT_BEHIND, "its node has come back under another raft id")             \
    X(IN_FLIGHT, "another change is under way, or leadership is not settled")  \
    X(QUORUM, "too few voters are connected and level with the log")           \
    X(POLICY, "an operator must let the node come back (nodes replace)")       \
    X(REMOVED, "it was removed: its node must take another raft id")           \
    X(FULL, "the configuration is full")                                       \
    X(BEHIND, "it is not yet level with the log")                              \
    X(ABSENT, "a configured node is not connected")

#define RECONCILE_ACTION_ENUM(name, text) RECONCILE_##name,
enum reconcile_action {
    RECONCILE_ACTION_LIST(RECONCILE_ACTION_ENUM) RECONCILE_ACTIONS
};
#undef RECONCILE_ACTION_ENUM

#define RECONCILE_REASON_ENUM(name, text) RECONCILE_FOR_##name,
enum reconcile_reason {
    RECONCILE_REASON_LIST(RECONCILE_REASON_ENUM) RECONCILE_REASONS
};
#undef RECONCILE_REASON_ENUM

struct reconcile_step {
    enum reconcile_action action;
    enum reconcile_reason reason;
    uint64_t raft_id; /* What is changed; with NOTHING whom the reason is
                         about, or only the node in its low byte; 0: nobody. */
};

/** Tell whether a raft id is in the configuration. */
bool reconcile_is_member(const struct reconcile_input *input, uint64_t raft_id);

/** Tell whether any raft id of a node is in the configuration. */
bool reconcile_has_member(const struct reconcile_input *input, uint8_t node);

/** Decide the next step. */
struct reconcile_step reconcile(const struct reconcile_input *input);

/** Name an action as the journal does, "ADD". */
const char *reconcile_action_name(enum reconcile_action action);

/** Name a reason as the journal does, "LEFT_BEHIND". */
const char *reconcile_reason_name(enum reconcile_reason reason);

/** Say in words what a reason means. */
const char *reconcile_reason_text(enum reconcile_reason reason);

#endif

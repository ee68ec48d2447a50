/* The rules of nodes: how a node's life in the pool begins and ends, what it
 * reports, and which rules the pool goes by.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_NODE_H
#define NODE_CHAT_NODE_H

#include "node/chat/state.h"

/**
 * Begin a new epoch of the node, ending all its sessions.
 *
 * The same start again changes nothing and gives REPEATED. A start before it
 * that comes late, from the queue of some leader, must not end the epoch of
 * the node that has started since: the last STARTS_KEPT are known.
 *
 * Returns START_INVALID or NODE_EPOCH_STALE. The value is the node's epoch.
 */
enum outcome node_started(struct turn *turn, const Perch__NodeStarted *command);

/**
 * End the sessions of a node that the pool has given up.
 *
 * The node's epoch goes on: what it still proposes is applied.
 *
 * Returns NODE_UNKNOWN, or NODE_EPOCH_STALE when the node has begun another
 * epoch than the one that is given up.
 */
enum outcome node_lost(struct turn *turn, const Perch__NodeLost *command);

/**
 * Let a node come back once under another raft id, though SETTING_REJOIN_POLICY
 * leaves it to administrators. Doing so uses it up (node_started).
 *
 * Returns NODE_UNKNOWN, or NODE_RAFT_ID_STALE when the command names another
 * raft id than the one the node has.
 */
enum outcome node_admit(struct turn *turn, const Perch__NodeAdmit *command);

/**
 * Take the origin's report of what its clients have confirmed. It replaces the
 * one before, exceptions and all.
 *
 * Returns MARK_BACKWARD, MARK_AHEAD (of this entry), or
 * MARK_EXCEPTIONS_TOO_MANY.
 */
enum outcome node_mark(struct turn *turn, const Perch__NodeMark *command);

/**
 * Raise the rules version.
 *
 * Returns RULES_NOT_UPWARD, or RULES_NODE_BEHIND when a node that is not lost
 * runs a program that does not know the version. The value is the version.
 */
enum outcome rules_raise(struct turn *turn, const Perch__RulesRaise *command);

/**
 * Tell whether a command would raise the rules beyond what this program
 * knows: the node must stop before it applies it.
 */
bool rules_beyond(const struct machine *machine, const Perch__Command *command);

#endif

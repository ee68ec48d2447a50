/* Who may use persistent chat at all: the most specific word counts.
 *
 * A user's own. Else those of the groups the user is in, sites among them: one
 * that disables is stronger than any that enable. Else the pool's, the setting
 * CHAT_ENABLED.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_POLICY_H
#define NODE_CHAT_POLICY_H

#include "node/chat/state.h"

/** Tell whether a user may have sessions. */
bool policy_allows(const struct machine *machine, const struct user *user);

/** Check a policy of a command: CHAT_POLICY_INVALID. */
enum outcome policy_check(bool is_given, int chat);

/**
 * Put a checked policy in place of another.
 *
 * Returns CHANGED_POLICY, or 0 when it is the same or none is given.
 */
unsigned policy_put(struct principal *principal, bool is_given, int chat);

#endif

/* The rules of groups: security groups, organisational units and sites, as a
 * directory or an administrator tells of them.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_GROUP_H
#define NODE_CHAT_GROUP_H

#include "node/chat/state.h"

/**
 * Create a group with members.
 *
 * value becomes its principal number, or as principal_check_list.
 *
 * Returns GROUP_URI_INVALID, GROUP_EXISTS, NAME_TOO_LONG, NAME_CHARACTER,
 * CHAT_POLICY_INVALID, GROUPS_FULL, or as membership_check.
 */
enum outcome group_create(struct turn *turn, const Perch__GroupCreate *command);

/**
 * Change what a group is called, who is in it and what its policy is. Who is
 * out of a room's reach by that leaves the room (enforce.h).
 *
 * value becomes its version, or as principal_check_list.
 *
 * Returns GROUP_UNKNOWN, VERSION_STALE, NAME_TOO_LONG, NAME_CHARACTER,
 * CHAT_POLICY_INVALID, or as membership_check.
 */
enum outcome group_change(struct turn *turn, const Perch__GroupChange *command);

/**
 * Tell whether a text names a group: "group:", "unit:" or "site:" and a name,
 * up to GROUP_URI_BYTES_MAX bytes.
 */
bool group_is_uri(struct slice text);

/** Find a group by URI, ASCII case aside. NULL when there is none. */
struct group *group_find(const struct machine *machine, struct slice uri);

/**
 * Take a group that has all its fields into the indexes.
 *
 * Returns false when its URI is taken.
 */
bool group_adopt(struct machine *machine, struct group *group);

/** Take a group out of all indexes that is in none and has nobody in it. */
void group_drop(struct machine *machine, struct group *group);

/** Free a group. Accepts NULL. */
void group_free(struct group *group);

/** Find the first group whose URI comes after this one; NULL for none. */
struct group *group_after(const struct machine *machine, struct slice uri);

#endif

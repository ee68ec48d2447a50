/* What users may do to rooms: create them where they are creators, and change
 * those they manage. Administrators may do everything.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_MANAGE_H
#define NODE_CHAT_MANAGE_H

#include "node/chat/state.h"

/**
 * Find who gives a command that administrators and users may give.
 *
 * @user_out  The user of the acting session; NULL for an administrator.
 *
 * Returns as session_acting.
 */
enum outcome manage_actor(const struct turn *turn,
                          const Perch__Command *command,
                          const struct user **user_out);

/** Decide whether rooms may be created in a category or moved to it: by
 * creators whom it allows, else NOT_A_CREATOR. A user of NULL may. */
enum outcome manage_create(const struct user *user,
                           const struct category *category);

/** Decide whether a room may be changed: by those who find it, as access_find,
 * and manage it, else NOT_A_MANAGER. So a disabled room is for administrators
 * to enable, and a secret one does not exist. A user of NULL may. */
enum outcome manage_change(const struct user *user, const struct room *room);

#endif

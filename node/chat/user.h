/* The rules of users: who exists, what they are called, and that a disabled
 * one is nowhere.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_USER_H
#define NODE_CHAT_USER_H

#include "node/chat/state.h"

/**
 * Create a user, named by the lower-case form of the URI.
 *
 * Returns USER_URI_INVALID, USER_EXISTS, NAME_TOO_LONG or NAME_CHARACTER for
 * the display name, HA1_INVALID, or USERS_FULL. The value is the number.
 */
enum outcome user_create(struct turn *turn, const Perch__UserCreate *command);

/**
 * Change a user; what is the same stays unchanged.
 *
 * Disabling ends the user's sessions, with every part told.
 *
 * Returns USER_UNKNOWN, VERSION_STALE or as user_create. The value is the
 * version after it.
 */
enum outcome user_change(struct turn *turn, const Perch__UserChange *command);

/** Find a user by URI, ASCII case aside. NULL when there is none. */
struct user *user_find(const struct machine *machine, struct slice uri);

/**
 * Take a user that has all its fields into the machine, which then owns it.
 *
 * Returns false, and takes nothing, when the URI is taken.
 */
bool user_adopt(struct machine *machine, struct user *user);

/** Take a user out of all indexes who has no sessions, roles or memberships. */
void user_drop(struct machine *machine, struct user *user);

/** Free a user without sessions or memos. Accepts NULL. */
void user_free(struct user *user);

/** Walk users by URI: the first, when after is NULL, or the next. */
struct user *user_next(const struct machine *machine, const struct user *after);

/** Find the first user whose URI comes after this one; NULL for none. */
struct user *user_after(const struct machine *machine, struct slice uri);

#endif

/* Who may find, enter, post in and read a room: the one place that says so,
 * asked before a command is proposed and, finally, when it is applied.
 *
 * First the room's category: whom it does not allow, the room is not for. Then
 * the room. Open: anyone may. Secret: for those outside it does not exist.
 * Closed: anyone finds it, its members and managers enter
 * it, whether named there or in a group that is. What one may enter one may
 * read, joined or not. A disabled room takes nobody and a disabled user goes
 * nowhere.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ACCESS_H
#define NODE_CHAT_ACCESS_H

#include <stdbool.h>

#include "node/chat/outcome.h"

struct principal;
struct user;
struct room;
struct category;

/** Decide whether a search may show the room: USER_DISABLED, ROOM_UNKNOWN when
 * it is secret and the user outside, ROOM_DISABLED, NOT_IN_SCOPE. */
enum outcome access_find(const struct user *user, const struct room *room);

/** Decide whether the user may be in the room: as access_find, or
 * NOT_A_MEMBER. */
enum outcome access_enter(const struct user *user, const struct room *room);

/** Decide whether the user may post there, once joined: as access_enter, or
 * NOT_A_PRESENTER in an auditorium, whatever else the user is. */
enum outcome access_post(const struct user *user, const struct room *room);

/** Decide whether the user may read the history: as access_enter. */
enum outcome access_read(const struct user *user, const struct room *room);

/** Tell whether a user or group may be given a role in the rooms of a category:
 * it is in its scope, and a user is not disabled. */
bool access_is_eligible(const struct principal *principal,
                        const struct category *category);

#endif

/* The rules of deletion. What is deleted takes with it what it held: roles,
 * memberships, sessions, presence. Names are free again; numbers and guids are
 * never given twice, so that what is written of the old one stays its own.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_DELETE_H
#define NODE_CHAT_DELETE_H

#include "node/chat/state.h"

/**
 * Delete a room: who is in it leaves, and its messages, whose rows stay, are
 * shown to nobody any more. A tombstone names them.
 *
 * Returns ROOM_UNKNOWN, VERSION_STALE, or ROOM_HELD while a legal hold lies on
 * it, which would lose what it lies on.
 */
enum outcome room_delete(struct turn *turn, const Perch__RoomDelete *command);

/**
 * Delete a category that has no rooms. Filters that name others, too, name it
 * no more.
 *
 * Returns CATEGORY_UNKNOWN, VERSION_STALE or CATEGORY_NOT_EMPTY.
 */
enum outcome category_delete(struct turn *turn,
                             const Perch__CategoryDelete *command);

/**
 * Delete a group. Who was in it loses what only the group gave, at once.
 *
 * Returns GROUP_UNKNOWN or VERSION_STALE.
 */
enum outcome group_delete(struct turn *turn, const Perch__GroupDelete *command);

/**
 * Delete a user: sessions end, roles, memberships and memories go. Messages
 * keep their author.
 *
 * Returns USER_UNKNOWN, VERSION_STALE, or USER_HELD while a legal hold lies on
 * what the user says.
 */
enum outcome user_delete(struct turn *turn, const Perch__UserDelete *command);

#endif

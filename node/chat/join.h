/* The rules of entering and leaving rooms.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_JOIN_H
#define NODE_CHAT_JOIN_H

#include "node/chat/state.h"

/**
 * Enter rooms, each for itself: some may be refused while others are entered,
 * and each is told by its own event.
 *
 * Returns a refusal of the session, JOIN_EMPTY, JOIN_TOO_MANY, for a single
 * room that room's refusal (ROOM_UNKNOWN, ROOM_DISABLED, NOT_A_MEMBER,
 * SESSION_ROOMS_FULL), else DONE. The value is how many rooms the session is
 * in of those named.
 */
enum outcome join(struct turn *turn, const Perch__Command *command);

/**
 * Leave a room.
 *
 * Returns a refusal of the session, or NOT_JOINED, whether there is such a room
 * or not.
 */
enum outcome part(struct turn *turn, const Perch__Command *command);

#endif

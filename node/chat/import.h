/* The rule of importing: messages that were said elsewhere, with their author,
 * time and order, put into a room by an administrator.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_IMPORT_H
#define NODE_CHAT_IMPORT_H

#include "node/chat/state.h"

/**
 * Append messages to a room's history, as they were said and marked as
 * imported, all or none.
 *
 * first_id is what the first of them will be: a room that has more or fewer
 * messages takes none, so that a batch that is sent again does no harm, and one
 * that is interrupted goes on where the room stands. Nobody is told; who may
 * read the room finds them in its history. Authors need not be users; their
 * URIs are lower case, as users' are kept. Their times rise, from that of the
 * room's last message on if it is still there: a room's order is one of time,
 * which retention and clearing go by.
 *
 * value becomes the room's last message id; of a refusal for its place in the
 * list, that, from 0.
 *
 * Returns ROOM_UNKNOWN, IMPORT_EMPTY, IMPORT_TOO_MANY, IMPORT_POSITION (value:
 * the room's last message id), USER_URI_INVALID, NAME_TOO_LONG, NAME_CHARACTER,
 * IMPORT_TIME, or as post for what is said.
 */
enum outcome messages_import(struct turn *turn, const Perch__Command *command);

#endif

/* Files of rooms: that one was given, that one was fetched. The files
 * themselves are not the rules'; that they were is a record of the archive.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FILE_H
#define NODE_CHAT_FILE_H

#include "node/chat/state.h"

/**
 * A user gives a file to a room: one who may post in it, joined or not, while
 * its category and itself take files.
 *
 * Returns as session_acting, ROOM_UNKNOWN, as access_post, FILES_OFF,
 * FILE_INVALID or FILE_TOO_LARGE.
 */
enum outcome file_up(struct turn *turn, const Perch__Command *command);

/** A user fetches a file of a room: one who may read it. Returns as
 * session_acting, ROOM_UNKNOWN, as access_read, or FILE_INVALID. */
enum outcome file_down(struct turn *turn, const Perch__Command *command);

#endif

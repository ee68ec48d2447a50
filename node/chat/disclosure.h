/* What is shown, and what a hook refused, is committed before anybody sees it,
 * so that the archive has a record of it (record_shown.c). These commands
 * change nothing; while there is no archive they are done, and leave no trace.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_DISCLOSURE_H
#define NODE_CHAT_DISCLOSURE_H

#include "node/chat/state.h"

/**
 * A user is about to be shown what was said in rooms.
 *
 * Returns as session_acting; READING_INVALID, or without rooms; ROOM_UNKNOWN
 * or what access_read says of the first room that may not be read, its place in
 * the command being the value.
 */
enum outcome history_read(struct turn *turn, const Perch__Command *command);

/** A user is about to be shown what was found, in rooms or, where none is
 * named, in all that may be read. Returns as history_read. */
enum outcome searched(struct turn *turn, const Perch__Command *command);

/**
 * A hook has refused a post. What was to be posted is not looked at: whatever
 * it was, it was refused.
 *
 * Returns as session_acting, ROOM_UNKNOWN, or READING_INVALID for a notice that
 * is no text or too long.
 */
enum outcome post_denied(struct turn *turn, const Perch__Command *command);

/** An administrator is about to be shown what was said, also in rooms that were
 * deleted. Returns READING_INVALID, or ROOM_UNKNOWN with its place. */
enum outcome messages_read(struct turn *turn,
                           const Perch__MessagesRead *command);

/** A node, or an administrator through it, shows that what it proposes reaches
 * the archive. Returns CANARY_INVALID. */
enum outcome canary(struct turn *turn, const Perch__Command *command);

#endif

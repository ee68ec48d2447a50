/* The rules of reading: up to which message a user has read a room.
 *
 * A mark moves forward; back only where that is asked for. It is kept while
 * the room cannot be read, and says nothing then.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_READING_H
#define NODE_CHAT_READING_H

#include "node/chat/state.h"

/**
 * Move the actor's mark in a room.
 *
 * Told as EVENT_READ. The value is the mark there is then.
 *
 * Returns as attention_actor, ROOM_UNKNOWN or as access_read, MESSAGE_UNKNOWN
 * beyond the room's last, READS_FULL, or REPEATED when the mark is there, or
 * further and was not to go back.
 */
enum outcome read_mark(struct turn *turn, const Perch__Command *command);

/**
 * Move the marks of users who were shown messages by the origin node.
 *
 * A mark that would not go forward, or of a user or room for which read_mark
 * would refuse, is passed over; so is that of a user who neither follows the
 * room nor has a mark in it. The value is how many have moved.
 *
 * Returns READS_TOO_MANY.
 */
enum outcome read_marks(struct turn *turn, const Perch__ReadMarks *command);

/** Look up a user's mark in a room, by place number. False: there is none. */
bool reading_find(const struct user *user, uint32_t room,
                  uint64_t *message_id_out);

/** Take a user's mark in a room away, if there is one, and its row. */
void reading_drop(struct machine *machine, struct user *user, uint32_t room);

/** Set a user's mark in a room there is. */
void reading_set(struct machine *machine, struct user *user, uint32_t room,
                 uint64_t message_id);

#endif

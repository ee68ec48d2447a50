/* Who is in a room now. Endpoints come and go; people are told of users: the
 * first endpoint in and the last one out.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PRESENCE_H
#define NODE_CHAT_PRESENCE_H

#include "node/chat/state.h"

/** Find a session's presence in a room. NULL when it has not joined it. */
struct participant *presence_find(const struct room *room,
                                  const struct session *session);

/**
 * Put a session into a room it may enter, and tell it.
 *
 * Entering again moves the join point to this entry and is told as `again`.
 *
 * @position  Of the room in the command, for the event.
 */
void presence_enter(struct turn *turn, struct room *room,
                    struct session *session, uint32_t position);

/** Take a participant out of its room, tell it, and free it. */
void presence_leave(struct turn *turn, struct participant *participant,
                    enum leave leave);

/** Take everyone out of the room who may no longer be in it. */
void presence_put_out(struct turn *turn, struct room *room);

/** Take everyone out of the room, whatever their rights. */
void presence_empty(struct turn *turn, struct room *room, enum leave leave);

/** Take a user out of all rooms that the user may no longer be in. */
void presence_put_out_user(struct turn *turn, const struct user *user);

/**
 * Take in a participant of a row, the session's latest.
 *
 * Returns NULL when the session is in the room already.
 */
struct participant *presence_load(struct room *room, struct session *session,
                                  uint64_t join_index);

/** Walk participants by user, then session: the first, when after is NULL, or
 * the next. */
struct participant *presence_next(const struct room *room,
                                  const struct participant *after);

/** Free everyone in the session's rooms, telling nobody. */
void presence_drop(struct session *session);

#endif

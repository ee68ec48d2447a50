/* What a user follows and has read: the part of a user that most do not have,
 * and which rooms it concerns. The rules that change it are publication.h,
 * reading.h and feed.h.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ATTENTION_H
#define NODE_CHAT_ATTENTION_H

#include "node/chat/state.h"

/* A room's attendants: a mark, and as many times ATTENDS_FOLLOW as items of
 * the user's presence document speak of the room. */
enum { ATTENDS_MARK = 1, ATTENDS_FOLLOW = 2 };

/**
 * Find the user who acts; no session is needed.
 *
 * Returns USER_UNKNOWN, USER_DISABLED or CHAT_NOT_ENABLED.
 */
enum outcome attention_actor(const struct turn *turn,
                             const Perch__Command *command,
                             struct user **user_out);

/** Borrow a user's attention, made when there was none. */
struct attention *attention_of(struct user *user);

/** Count an item that speaks of a room, or one less; 0 is no room. */
void attention_follow(struct machine *machine, const struct user *user,
                      uint32_t room, bool follows);

/** Take away what a user follows and has read, and its rows. */
void attention_end_user(struct machine *machine, struct user *user);

/** Have nobody follow a room any more or have a mark in it. */
void attention_end_room(struct machine *machine, struct room *room);

/** Free what a user holds. */
void attention_free(struct user *user);

#endif

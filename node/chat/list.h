/* Lists from the machine's memory, each in an order that is the same on every
 * node.
 *
 * A list calls each for one item after the other until it returns false. Items
 * are borrowed for the call; nothing may be applied from within it.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LIST_H
#define NODE_CHAT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

struct machine;
struct principal;
struct user;
struct group;
struct room;
struct category;
struct session;
struct hold;

/* A user who is in a room now. */
struct present {
    const struct user *user;
    unsigned roles; /* Set of enum role. */
    uint32_t endpoints;
};

/** Take a room of a list; false ends the list. */
typedef bool list_room(void *context, const struct room *room);

/** Take a user of a list; false ends the list. */
typedef bool list_user(void *context, const struct user *user);

/** Take a group of a list; false ends the list. */
typedef bool list_group(void *context, const struct group *group);

/** Take a category of a list; false ends the list. */
typedef bool list_category(void *context, const struct category *category);

/** Take a session of a list; false ends the list. */
typedef bool list_session(void *context, const struct session *session);

/** Take a hold of a list; false ends the list. */
typedef bool list_hold(void *context, const struct hold *hold);

/** Take a participant of a list; false ends the list. */
typedef bool list_present(void *context, const struct present *present);

/** Take a user or group of a list; false ends the list. */
typedef bool list_principal(void *context, const struct principal *principal);

/** Take a user or group and the roles held; false ends the list. */
typedef bool list_role(void *context, const struct principal *principal,
                       unsigned roles);

/** List all holds by number, those after a number. */
void list_holds(const struct machine *machine, uint64_t after, list_hold *each,
                void *context);

/** List all rooms by name, ASCII case aside, as administrators see them. */
void list_rooms(const struct machine *machine, list_room *each, void *context);

/**
 * List by name the rooms that a search by this user may show.
 *
 * @needle  Occurs in the name, ASCII case aside; empty: any name.
 */
void list_rooms_visible(const struct machine *machine, const struct user *user,
                        struct slice needle, list_room *each, void *context);

/** List by age the rooms in which a user has any of these roles, by name or by
 * group, and which are not disabled. */
void list_rooms_of(const struct machine *machine, const struct user *user,
                   unsigned roles, list_room *each, void *context);

/** List by age the categories in which a user may create rooms. */
void list_categories_for(const struct machine *machine, const struct user *user,
                         list_category *each, void *context);

/** List the rooms a session is in, in the order of joining. */
void list_rooms_joined(const struct session *session, list_room *each,
                       void *context);

/** List by principal number the users in a room now, each once. */
void list_participants(const struct room *room, list_present *each,
                       void *context);

/** List a user's sessions by node and serial. */
void list_sessions_of(const struct user *user, list_session *each,
                      void *context);

#endif

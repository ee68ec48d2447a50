/* Lists that go on where one ended, for readers that take a page at a time.
 * What is created or renamed between two pages is in one of them, or in none,
 * by where it then stands; all else is seen once.
 *
 * As list.h: each is called for one item after the other until it returns
 * false. A page begins in the time of a search, not of a walk.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PAGE_H
#define NODE_CHAT_PAGE_H

#include "node/chat/effects.h"
#include "node/chat/list.h"

/** List rooms by name, ASCII case aside, those after a name; the empty name
 * comes before all. */
void page_rooms(const struct machine *machine, struct slice after,
                list_room *each, void *context);

/** List categories as page_rooms does rooms. */
void page_categories(const struct machine *machine, struct slice after,
                     list_category *each, void *context);

/** List users by URI, ASCII case aside, those after a URI. */
void page_users(const struct machine *machine, struct slice after,
                list_user *each, void *context);

/** List sessions by node and serial, those after a session, which need not be
 * open any more. All zero comes before all. Of a node that has begun another
 * epoch in the meantime all are listed: they are others. */
void page_sessions(const struct machine *machine,
                   const struct session_id *after, list_session *each,
                   void *context);

/** List groups by URI, ASCII case aside, those after a URI. */
void page_groups(const struct machine *machine, struct slice after,
                 list_group *each, void *context);

/** List by principal number who has a role in a room, those after a number. */
void page_roles(const struct machine *machine, const struct room *room,
                uint32_t after, list_role *each, void *context);

/** List who has a role in a category, as page_roles. */
void page_category_roles(const struct machine *machine,
                         const struct category *category, uint32_t after,
                         list_role *each, void *context);

/** List who is in a group, as page_roles; the roles are 1. */
void page_members(const struct machine *machine, const struct group *group,
                  uint32_t after, list_role *each, void *context);

/** List users and groups by number, those after a number. */
void page_principals(const struct machine *machine, uint32_t after,
                     list_principal *each, void *context);

#endif

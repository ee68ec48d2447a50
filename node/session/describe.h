/* Rooms and users as clients are told of them: blocks of XCCOS made from the
 * state.
 *
 * Made in an arena; texts borrow from the machine until the next entry is
 * applied.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_DESCRIBE_H
#define NODE_SESSION_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/query.h"
#include "proto/base/arena.h"
#include "proto/xccos/envelope.h"

struct sessions;

/**
 * Describe a room without who is in it.
 *
 * Returns NULL when memory is out.
 */
struct xccos_room *describe_room(const struct sessions *hub,
                                 struct arena *arena, const struct room *room);

/**
 * Name a room by its URI alone, as notices do.
 *
 * Returns NULL when memory is out.
 */
struct xccos_room *describe_room_uri(const struct sessions *hub,
                                     struct arena *arena,
                                     const struct guid *guid);

/** Describe a category. Returns NULL when memory is out. */
struct xccos_category *describe_category(const struct sessions *hub,
                                         struct arena *arena,
                                         const struct category *category);

/** Describe a user. Returns NULL when memory is out. */
struct xccos_user *describe_user(struct arena *arena, const struct user *user);

/** Describe a user or group; a group has a URI, a name and a type. Returns NULL
 * when memory is out. */
struct xccos_user *describe_principal(const struct sessions *hub,
                                      struct arena *arena,
                                      const struct principal *principal);

/** Bound what a reply's user takes when it is written, in bytes. */
size_t describe_user_bytes_max(const struct xccos_user *user);

/** Say in XCCOS's word who finds and enters a room. */
enum xccos_visibility describe_visibility(Perch__Visibility visibility);

/** Say in XCCOS's word who posts in a room. */
enum xccos_behavior describe_behavior(Perch__Behavior behavior);

/** Tell the role by which a room's roster shows a set of enum role. */
enum xccos_role describe_role(unsigned roles);

/**
 * Tell whether a room is so full that lists and notices of who is there are
 * not sent: more than PARTICIPANTS_LISTED_MAX users.
 */
bool describe_is_large(const struct sessions *hub, uint32_t users_present);

/** Bound what a reply's room takes when it is written, in bytes. */
size_t describe_bytes_max(const struct xccos_room *room);

#endif

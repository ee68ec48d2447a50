/* Questions to what users follow and have read. Whether a user may know of a
 * room is not answered here: access.h.
 *
 * Answers hold, and what they borrow stays valid, until the next
 * machine_apply.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ATTENDING_H
#define NODE_CHAT_ATTENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

struct machine;
struct user;
struct room;

/* An item of a presence document. */
struct publication_view {
    uint32_t container, instance, version;
    struct slice expire_type;
    struct slice xml;        /* As it was published. */
    const struct room *room; /* That it speaks of; NULL: of none. */
};

/* How a user stands to a room. */
struct attended {
    const struct room *room;
    bool follows;
    bool has_mark;
    uint64_t read_id; /* Read up to this message; 0: nothing, or no mark. */
};

/** Take an item; false ends the list. */
typedef bool each_publication(void *context,
                              const struct publication_view *item);

/** Take a room; false ends the list. */
typedef bool each_attended(void *context, const struct attended *attended);

/** Take a follower; false ends the list. */
typedef bool each_follower(void *context, const struct user *user);

/** List a user's presence document by container, then instance. */
void attending_publications(const struct machine *machine,
                            const struct user *user, each_publication *each,
                            void *context);

/** Tell the version of an item; 0 when there is none. */
uint32_t attending_version(const struct user *user, uint32_t container,
                           uint32_t instance);

/** List by age the rooms in which a user has a mark: all that the user follows,
 * and others. */
void attending_rooms(const struct machine *machine, const struct user *user,
                     each_attended *each, void *context);

/** Tell how a user stands to a room. */
void attending_room(const struct user *user, const struct room *room,
                    struct attended *attended_out);

/** Tell whether anybody follows the room or has a mark in it. */
bool attending_anyone(const struct room *room);

/** List by principal number the users who follow a room. */
void attending_followers(const struct machine *machine, const struct room *room,
                         each_follower *each, void *context);

/**
 * Borrow a user's feeds, a perch.stored.Feeds.
 *
 * @version_out  Counts their changes; 0: never set, and the slice is empty.
 */
struct slice attending_feeds(const struct user *user, uint32_t *version_out);

#endif

/* Telling people of what is new in rooms they follow and have not joined.
 *
 * A post notes its room, if anyone follows it; every TIDINGS_TICK_MS the rooms
 * that were noted are told of, once each: so an endpoint hears at most once in
 * that time of a room, however much is said there. Who has a seat in the room
 * hears what is said itself. Who owes answers to TIDINGS_OWED_MAX bodies is
 * told once that there is news, and not where, when it has answered.
 *
 * Rights are asked when it is told. A notice carries no text and no names but
 * the room's.
 *
 * Spec: perch's own, ntc:news and ntc:markread.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_TIDINGS_H
#define NODE_SESSION_TIDINGS_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/tree.h"

struct sessions;
struct event;
struct room;
struct fresh_room;

enum {
    TIDINGS_TICK_MS = 1000,
    /* Followers looked at in one turn; the rooms left are next in the next. */
    TIDINGS_PER_TICK_MAX = 16384,
    TIDINGS_OWED_MAX = 64,
};

/* Rooms with news, by place number. */
RB_HEAD(fresh_rooms, fresh_room);

struct tidings {
    struct fresh_rooms rooms;
    uint64_t ticked_us;
    uint32_t next_room; /* Whose turn it is: no room waits for ever. */
    bool any_owed;      /* Some caller is owed a word. */
};

/** Start with no news. */
void tidings_init(struct tidings *tidings);

/** Free what is held. */
void tidings_deinit(struct tidings *tidings);

/** Take note of a post. One look, when nobody follows the room. */
void tidings_posted(struct sessions *hub, const struct event *event,
                    const struct room *room);

/** Tell a user's endpoints that a mark is another, of EVENT_READ. */
void tidings_read(struct sessions *hub, const struct event *event,
                  const struct room *room, uint64_t log_index);

/** Take note that the state is another: there may be news anywhere. */
void tidings_restored(struct sessions *hub);

/** Tell what is due. */
void tidings_tick(struct sessions *hub, uint64_t now_us);

#endif

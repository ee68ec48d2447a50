/* Reading messages from the store as they are to be shown: each with the newest
 * of what it was made since it was posted.
 *
 * Thread: any one; the view's.
 */
#ifndef NODE_SESSION_READING_H
#define NODE_SESSION_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/said.h"
#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/store.pb-c.h"
#include "storage/cursor.h"

struct reading;

/* Which messages of a room: those from first to last, the ends included. */
struct reading_range {
    uint32_t room; /* Place number. */
    uint64_t first, last;
    bool is_backward;
};

/* One of them; both lie in the arena it was read into. */
struct reading_item {
    const Perch__Stored__Message *message;
    const Perch__Stored__Revision *revision; /* The newest; NULL: none. */
};

/** Begin to read. Returns NO_MEMORY. Owned by the caller. */
enum error reading_open(struct view *view, const struct reading_range *range,
                        struct reading **reading_out);

/** End reading. Accepts NULL. */
void reading_close(struct reading *reading);

/**
 * Read the next message. The arena may be cleared between two.
 *
 * Returns NOT_FOUND after the last; ROTTEN for a row that is none, with a
 * journal line, or what the store says.
 */
enum error reading_next(struct reading *reading, struct arena *arena,
                        struct reading_item *item_out);

/** Say what a message is now. Borrows from the item. */
void reading_said(const struct reading_item *item, struct said *said_out);

/** Tell whether a message is there for people to find. */
bool reading_is_shown(const struct said *said);

/** Read one message. As reading_next. */
enum error reading_one(struct view *view, uint32_t room, uint64_t message_id,
                       struct arena *arena, struct reading_item *item_out);

/** Take one revision of a message, oldest first; false ends the walk. */
typedef bool reading_revision(void *context, uint64_t log_index,
                              const Perch__Stored__Revision *revision);

/** Walk all that a message was made; message 0: the clearings of the room. */
enum error reading_revisions(struct view *view, uint32_t room,
                             uint64_t message_id, struct arena *arena,
                             reading_revision *each, void *context);

#endif

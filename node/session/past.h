/* Reading a room's past from the store, as a reply's body shows it.
 *
 * Thread: any one; reads a view of its own.
 */
#ifndef NODE_SESSION_PAST_H
#define NODE_SESSION_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "node/session/reading.h"
#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/limits.h"
#include "storage/store.h"

enum {
    PAST_MESSAGES_MAX = 500,
    PAST_HIDDEN_MAX = 10000, /* Passed over: the answer says it was cut. */
    /* Of messages in a body; the rest is its envelope. */
    PAST_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024,
};

/* Which messages: the newest `wanted` up to message_id_last, and as many more
 * as are newer than what the reader was told, at most PAST_MESSAGES_MAX; or,
 * forward, the oldest `wanted` from message_id_first on. */
struct past_query {
    uint32_t room;             /* Place number. */
    struct slice room_uri;     /* Goes with each message. */
    uint64_t message_id_last;  /* The newest to be shown. */
    uint64_t message_id_first; /* The oldest to be shown, from 1. */
    uint32_t wanted;
    uint64_t told_index; /* What is later is not left out; UINT64_MAX: none. */
    bool is_forward;
};

/**
 * Read messages into a room's block, the oldest first.
 *
 * over_limit is set when some that were asked for did not fit.
 *
 * @arena  Takes the messages.
 *
 * Returns ROTTEN, STORE_IO or NO_MEMORY, with the store's journal line.
 */
enum error past_read(struct store *store, const struct past_query *query,
                     struct arena *arena, struct xccos_room *room);

/** Make of a message, as it is now, what a reply shows. NULL when memory is
 * out. */
struct xccos_message *past_compose(struct arena *arena, struct slice room_uri,
                                   const struct reading_item *item);

#endif

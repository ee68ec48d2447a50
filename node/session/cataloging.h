/* Keeping the catalog of words level with the store, and searching it.
 *
 *   said, committed -> a room has more than the catalog -> feed (worker):
 *                      rows -> words -> catalog, its mark of the room with it
 *   search, at a log index -> when the catalog is that far: lookup (worker)
 *
 *   OPENING --opened--> FEEDING <--> LEVEL
 *      ^  ^                |            |
 *      |  +---- damage ----+------------+    made anew from the store
 *      +-------- STALLED <-+                 cannot be written; tried again
 *
 * The catalog never holds up a post: what was said waits as a number per room,
 * and a worker of its own reads the rows from the store. After a start, a crash
 * or another state, each room's mark is compared with the room, and what lies
 * between is read. Searches wait a moment for what was said last; when much is
 * missing they are refused, and never answered short.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_CATALOGING_H
#define NODE_SESSION_CATALOGING_H

#include <stdint.h>

#include "node/chat/effects.h"
#include "node/chat/machine.h"
#include "node/session/lookup.h"
#include "proto/base/loop.h"
#include "proto/base/meter.h"

enum {
    /* Said and then in the catalog: later when nobody searches, so that what is
     * said in the meantime shares the work. */
    CATALOGING_DELAY_MS = 200,
    CATALOGING_REST = 9, /* Times what a write takes, before the next: a tenth
                            of a core, while nobody searches. */
    CATALOGING_RETRY_MS = 5 * 1000, /* After a disk that would not take it. */
    CATALOGING_TICK_MS = 100,       /* How exactly patience is kept. */
    CATALOGING_PATIENCE_MS = 5 * 1000, /* Of a search, for the catalog. */
    /* Messages: more than that behind, and a search does not wait. */
    CATALOGING_BEHIND_MAX = 20000,
    CATALOGING_WAITING_MAX = 256,    /* Searches, those that run among them. */
    CATALOGING_FEED_MESSAGES = 1024, /* Of one write, and so of one wait. */
    CATALOGING_FEED_BYTES = 4 * 1024 * 1024,
};

struct cataloging;

struct cataloging_settings {
    struct loop *loop;
    const char *directory; /* Of the catalog; exists or can be made. */
    uint64_t directory_id; /* Of the data directory it belongs to. */

    /* The store cannot be read, or is rotten. */
    void (*unsound)(void *context, enum error error);
    void *context;
};

struct cataloging_meters {
    struct meter_counter fed;      /* Messages put in. */
    struct meter_counter rebuilds; /* Catalogs that were damaged or foreign. */
    struct meter_counter searches; /* Answered. */
    struct meter_counter refused;  /* Not, for want of a level catalog. */
    struct meter_gauge behind;     /* Messages not yet in. */
    struct meter_histogram feed_us, search_us; /* On the worker. */
};

/** Make, not yet open. Copied; stops when memory is out. */
struct cataloging *cataloging_new(const struct cataloging_settings *settings);

/** End what is under way, close and free; lookups are not told. Accepts NULL.
 */
void cataloging_free(struct cataloging *cataloging);

/** Follow this state and read this store from now on. */
void cataloging_use(struct cataloging *cataloging,
                    const struct machine *machine, struct store *store,
                    uint64_t applied_index);

/** Let go of the store; released is called when nobody reads it any more. */
void cataloging_release(struct cataloging *cataloging,
                        void (*released)(void *context), void *context);

/** Take note that a message was said; its row comes with the next commit. */
void cataloging_said(struct cataloging *cataloging, uint32_t room,
                     uint64_t message_id);

/** Take note that a message has other words now, or is not to be found any
 * more, likewise. */
void cataloging_revised(struct cataloging *cataloging,
                        const struct catalog_hit *message);

/** Take note of what an entry has given people to find, and what not to find
 * any more. */
void cataloging_entry(struct cataloging *cataloging,
                      const struct effects *effects);

/** Take note that all up to an index is in the store. */
void cataloging_committed(struct cataloging *cataloging,
                          uint64_t applied_index);

/**
 * Search what was said, all up to a log index.
 *
 * @lookup  The caller's again when it is told, perhaps before this returns;
 *          its error says how it went: BUSY, TIMED_OUT, FORGOTTEN while the
 *          catalog is made anew, NO_SPACE or IO while it cannot be written,
 *          CLOSED.
 */
void cataloging_ask(struct cataloging *cataloging, struct lookup *lookup,
                    uint64_t index);

/** Say to people why a search was not answered. Static. */
const char *cataloging_why(enum error error);

/** Borrow the meters. */
const struct cataloging_meters *cataloging_meters(
    const struct cataloging *cataloging);

#endif

/* One search of what was said: the catalog proposes messages, the store's rows
 * say what they are, and what is not so is passed over. Nothing here knows
 * whose search it is; the rooms it may look in are given.
 *
 * Thread: made and told on the state loop; lookup_run on the worker's.
 */
#ifndef NODE_SESSION_LOOKUP_H
#define NODE_SESSION_LOOKUP_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/session/reading.h"
#include "node/session/spelling.h"
#include "proto/base/guid.h"
#include "proto/base/worker.h"
#include "storage/catalog.h"
#include "storage/store.h"

enum {
    LOOKUP_FOUND_DEFAULT = 100, /* Where nothing is asked for. */
    LOOKUP_FOUND_MAX = 999,     /* Of one search. */
    LOOKUP_AUTHORS_MAX = 16,
    /* Then a search ends, and says that it was cut: of messages proposed, and
     * of those whose rows were read, each by count alone, so that every node
     * ends at the same. */
    LOOKUP_LOOKS_MAX = 200000,
    LOOKUP_READS_MAX = 20000,
};

/* A room that may be looked in. */
struct lookup_room {
    uint32_t number;
    struct guid guid;
    struct slice name;     /* For the answer; may be empty. */
    uint64_t messages;     /* How many there were ever. */
    uint64_t cleared_upto; /* Of them, those that are not shown. */
};

struct lookup_found {
    struct lookup_found *next;
    uint32_t room; /* Place number. */
    struct reading_item item;
    struct said said; /* What it is now. */
};

struct cataloging;

struct lookup {
    /* What is asked; all of it outlives the search. */
    struct spelling spelling;
    const struct slice *authors; /* None: whoever. */
    size_t n_authors;
    const struct lookup_room *rooms; /* By number. */
    size_t n_rooms;
    int64_t from_us, to_us; /* Both inclusive. */
    bool has_start;         /* Behind this message of the one room, as the */
    uint64_t start_id;      /* search goes. */
    bool newest_first;      /* The newest are found; else the oldest. */
    bool newest_shown_first;
    uint32_t wanted;  /* 1 to LOOKUP_FOUND_MAX. */
    size_t bytes_max; /* Of the answer. */

    /* What came of it. */
    struct arena *arena; /* Owns what was found. */
    struct lookup_found *found;
    uint32_t n_found;
    bool cut; /* There may be more. */
    enum error error;

    /* Called on the worker: what a message adds to the answer, in bytes. */
    size_t (*weigh)(struct lookup *lookup, const struct lookup_found *found);
    /* Called on the worker after the search; NULL: nothing. */
    void (*finish)(struct lookup *lookup);
    /* Called on the state loop; the lookup is the caller's again. */
    void (*told)(struct lookup *lookup);
    void *context; /* For those two. */

    /* For cataloging alone. */
    TAILQ_ENTRY(lookup) link;
    struct job job;
    struct cataloging *cataloging;
    struct store *store;
    uint64_t messages; /* In all rooms there are. */
    bool store_failed; /* error is the store's. */
    uint64_t index;    /* The log index it has to be as new as. */
    uint64_t asked_us; /* And of the worker: since then. */
};

/** Make a lookup of its own memory, for whoever has none to embed it in. NULL
 * when memory is out. */
struct lookup *lookup_new(void);

/** Free such a lookup, and what it found. Accepts NULL. */
void lookup_free(struct lookup *lookup);

/**
 * Search, in a view of the lookup's store.
 *
 * Sets found, n_found, cut and, when the error is the store's, store_failed.
 * Returns ROTTEN, STORE_IO and the like, with a journal line.
 */
enum error lookup_run(struct lookup *lookup, struct catalog *catalog);

/** Find the place of a room in those that may be looked in; n_rooms when it is
 * not among them. */
size_t lookup_room_at(const struct lookup *lookup, uint32_t number);

#endif

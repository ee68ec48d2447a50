/* The insides of cataloging, for its own files: cataloging.c feeds the catalog,
 * cataloging_places.c knows how far rooms are, cataloging_searches.c who waits
 * for it, feeding.c is the worker's side.
 *
 * Thread: state loop; a feed belongs to the worker while it runs, and so does
 * the catalog.
 */
#ifndef NODE_SESSION_CATALOGING_PARTS_H
#define NODE_SESSION_CATALOGING_PARTS_H

#include "node/session/cataloging.h"

/* Messages of one room that are to be put in. */
struct feed_range {
    uint32_t room;
    uint64_t first, wanted; /* Message ids. */
    uint64_t last;          /* As far as it got. */
    int64_t at_us;          /* AGAIN: when it was said, for one that is gone. */
    bool is_again; /* One that is in, and has other words now, or none. */
};

enum feed_kind {
    FEED_OPEN, /* A catalog, and give its marks. */
    FEED_SCAN, /* For messages that were revised or purged since it was level.
                */
    FEED_ROWS, /* Put messages in. */
};

/* What the worker is to do to the catalog, one at a time. */
struct feed {
    struct job job;
    struct cataloging *cataloging;
    enum feed_kind kind;
    bool discard;              /* OPEN: the catalog there is, first. */
    struct feed_range *ranges; /* ROWS: to be put in. SCAN: purged up to there,
                                  and what came of it: messages to be put in
                                  again. OPEN: what came of it, marks. */
    size_t n, capacity;
    uint64_t index; /* ROWS: the catalog is level with it then; 0: not yet. */
    struct store *store;
    uint64_t began_us;

    /* What came of it. */
    size_t n_done; /* Ranges, the last of them perhaps in part. */
    size_t messages;
    bool made_anew;         /* What was there was not to be believed. */
    enum error error;       /* Of the catalog. */
    enum error store_error; /* Of the store. */
};

enum cataloging_state {
    CATALOGING_OPENING,
    CATALOGING_FEEDING,
    CATALOGING_LEVEL,
    CATALOGING_STALLED,
    CATALOGING_STATES,
};

/* A room as the catalog and the state have it. */
struct catalog_place {
    uint64_t said;   /* The last message there is, */
    uint64_t marked; /* and the last that is in the catalog. */
    bool is_behind;  /* In behind[]. */
};

TAILQ_HEAD(lookup_list, lookup);

struct cataloging {
    struct cataloging_settings settings;
    char made_for[64];
    enum cataloging_state state;
    struct worker *worker;
    struct timer *timer; /* The next feed, while FEEDING; a retry. */
    struct timer *tick;  /* Patience, while lookups wait. */
    bool timer_runs;

    struct catalog *catalog; /* The worker's while anything is on it. */
    struct feed feed;
    bool is_feeding;  /* The feed is on the worker. */
    bool is_damaged;  /* A lookup found it so. */
    bool is_closing;  /* Who asks is refused. */
    enum error stall; /* Why STALLED, and told; NONE: it went well since. */

    const struct machine *machine;
    struct store *store; /* NULL: none is to be read now. */
    uint64_t applied_index;
    uint64_t level_index; /* All up to here is in the catalog. */

    struct catalog_place *places; /* By place number. */
    uint32_t n_places;
    uint32_t *behind; /* Rooms that have more than the catalog. */
    size_t n_behind, behind_capacity;
    uint64_t messages_behind;
    uint64_t messages_said; /* In all rooms. */
    bool is_wanted;    /* Without rests, until it is level: it was just opened,
                          or a search was refused for what it has not. */
    uint64_t fed_us;   /* What the last write has taken. */
    bool is_unscanned; /* What was revised or purged before this state came is
                          not known. */
    struct feed again; /* Only ranges: messages to be put in again. */

    struct lookup_list waiting;      /* For the catalog to get there. */
    size_t n_running;                /* Lookups on the worker. */
    size_t n_lookups;                /* These and those. */
    void (*released)(void *context); /* Owed to who wants the store. */
    void *released_context;
    struct cataloging_meters meters;
};

/** Do on the worker what a feed says (its job's run). */
void feeding_run(struct job *job);

/** Add a message that is to be put in again, or taken out when it is gone. */
void feed_add_again(struct feed *feed, const struct catalog_hit *message);

/** Add a range to a feed. */
void feed_add(struct feed *feed, uint32_t room, uint64_t first, uint64_t last);

/** Begin a feed with the rooms of which something was purged, and how far. */
void cataloging_add_purged(const struct cataloging *cataloging,
                           struct feed *feed);

/** Do what is due, after anything has changed. */
void cataloging_go_on(struct cataloging *cataloging);

/** Borrow a room's place, made when it is not there yet. */
struct catalog_place *cataloging_place(struct cataloging *cataloging,
                                       uint32_t room);

/** Take note that a room has messages up to this one. */
void cataloging_raise(struct cataloging *cataloging, uint32_t room,
                      uint64_t message_id);

/** List a room among those that have more than the catalog. */
void cataloging_put_behind(struct cataloging *cataloging, uint32_t room);

/** Show how much is not in the catalog. */
void cataloging_tell_behind(struct cataloging *cataloging);

/** Compare every room of the state with the catalog. */
void cataloging_compare(struct cataloging *cataloging);

/** Refuse all lookups that wait. */
void cataloging_refuse_waiting(struct cataloging *cataloging, enum error error);

/** Run the lookups for which the catalog is new enough. */
void cataloging_run_waiting(struct cataloging *cataloging);

/** Refuse those that have waited too long: a timer's function. */
void cataloging_on_tick(void *context);

/** Tell whoever wants the store, when nobody has it any more. */
void cataloging_tell_released(struct cataloging *cataloging);

/** Tell the owner of a store that cannot be read; NONE is no news. */
void cataloging_tell_unsound(const struct cataloging *cataloging,
                             enum error error);

#endif

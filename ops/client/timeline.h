/* One room as its owner sees it: every message once, in order, whether it came
 * live, from history or twice.
 *
 * Message ids are dense per room, so what comes next is known: a copy that is
 * not the next waits here until what is before it has been fetched from
 * history. What history does not have either is told as a gap, and the room
 * goes on behind it.
 *
 *   joined -> [history of the join] -> based: `told` is the last id told
 *   live copy: told + 1 -> told;  older -> a repeat;  newer -> held, and the
 *   gap is fetched
 *
 * Pull, not push: the client hands over what came and asks what to do next, so
 * that all of it can be tested without a network.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_TIMELINE_H
#define OPS_CLIENT_TIMELINE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/client/limits.h"
#include "proto/base/error.h"
#include "proto/xccos/envelope.h"

/* A message that is kept. One allocation with its texts. */
struct said {
    TAILQ_ENTRY(said) link;
    struct xccos_message message; /* Only what a client shows. */
    size_t bytes;
    bool is_live;
};

/* By message id. */
TAILQ_HEAD(said_list, said);

struct timeline {
    bool is_based;         /* told is known. */
    bool must_look;        /* History may have more than was told. */
    bool is_asking;        /* A history request is under way. */
    bool is_blind;         /* History cannot be had until the next join. */
    bool is_guess;         /* The first history was empty: where the room begins
                              is for the next copy to tell. */
    uint32_t first_n;      /* Messages wanted of the first history. */
    uint64_t told;         /* The last id told; 0: none. */
    uint64_t seen;         /* The highest id that is known to exist. */
    uint64_t lost_upto;    /* What is not held up to here cannot be had. */
    struct said_list held; /* By id, all above told. */
    size_t held_n;
    size_t held_bytes;
};

/* A request to the room's history. */
struct timeline_want {
    bool is_first; /* The newest `most`; else: after `after_id`. */
    uint64_t after_id;
    uint32_t most;
};

enum timeline_next {
    TIMELINE_NOTHING,
    TIMELINE_MESSAGE, /* Tell it. */
    TIMELINE_GAP,     /* Tell that first_id to last_id cannot be had. */
};

struct timeline_event {
    struct said *said; /* Of a message; the caller frees it. */
    uint64_t first_id, last_id;
};

/**
 * Start with nothing told.
 *
 * @first_n  How many messages to tell of what was said before; 0 for none.
 */
void timeline_init(struct timeline *timeline, uint32_t first_n);

/** Free what is held. */
void timeline_deinit(struct timeline *timeline);

/**
 * The room was joined, or joined again: history is to be looked at.
 *
 * @has_history  The room keeps any.
 */
void timeline_join(struct timeline *timeline, bool has_history);

/** The connection is gone, and a request under way with it. */
void timeline_leave(struct timeline *timeline);

/**
 * Take a live copy.
 *
 * Returns NONE; EXISTS for a repeat; MALFORMED for one without an id;
 * NO_MEMORY, and then it will be fetched from history.
 */
enum error timeline_live(struct timeline *timeline,
                         const struct xccos_message *message);

/** Tell whether history should be asked, and for what. */
bool timeline_wants(const struct timeline *timeline,
                    struct timeline_want *want_out);

/** Tell whether all that is known to exist was told, or cannot be had. */
bool timeline_is_current(const struct timeline *timeline);

/** It was asked: no further request until its answer. */
void timeline_asked(struct timeline *timeline);

/**
 * Take the answer.
 *
 * @want  What was asked.
 * @room  Its messages, oldest first; NULL when there are none.
 *
 * Returns NO_MEMORY; it may then be asked again.
 */
enum error timeline_page(struct timeline *timeline,
                         const struct timeline_want *want,
                         const struct xccos_room *room);

/** History was refused, or never answered: do without it. */
void timeline_refuse(struct timeline *timeline);

/** Say what to tell next. */
enum timeline_next timeline_next(struct timeline *timeline,
                                 struct timeline_event *event_out);

#endif

/* What people have read because they were shown it: marks that move by
 * themselves, of those who follow a room or have a mark in it.
 *
 * A message is read when an endpoint in the room has confirmed it. A mark
 * never jumps over what this sitting has not shown: history that was not asked
 * for stays unread until it is marked. Nor does it move again by itself, in a
 * sitting, after its user has put it back.
 *
 *   posted --next tick--> the seat waits for the endpoint's answer
 *          --answered--> noted, by user and room --every SHOWN_TICK_MS-->
 *          one command for all of this node
 *
 * So reading costs no entry a message, and who follows nothing costs nothing.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SHOWN_H
#define NODE_SESSION_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/audience.h"
#include "node/session/proposer.h"

enum {
    SHOWN_TICK_MS = 2000,
    SHOWN_NOTED_MAX = 256 * 1024, /* What is beyond stays unread. */
};

struct noted;
struct event;
struct sessions;

/* By user, then room. */
RB_HEAD(noted_tree, noted);

struct shown {
    TAILQ_HEAD(, seat) waiting;
    struct noted_tree noted;
    size_t n;           /* Noted. */
    uint64_t ticked_us; /* When it was last proposed. */
    struct proposal proposal;
    bool is_proposing;
    size_t n_sent; /* Noted ones that are being proposed. */
    struct noted **sent;
};

/** Start with nothing shown. */
void shown_init(struct shown *shown);

/** Free what is held. */
void shown_deinit(struct shown *shown);

/** Have those in a room wait for their answers to what was last said there. */
void shown_fresh(struct sessions *hub, struct audience *audience);

/** Take note that a seat's history was confirmed. */
void shown_settled(struct seat *seat);

/** Note what a caller has confirmed, before it leaves a room or for good. */
void shown_flush(struct seat *seat);

/** Forget a seat that is left. */
void shown_forget(struct seat *seat);

/** Take note that a user's mark is another, of EVENT_READ. */
void shown_marked(struct sessions *hub, const struct event *event);

/** Look at who has answered, and propose what was noted. */
void shown_tick(struct sessions *hub, uint64_t now_us);

#endif

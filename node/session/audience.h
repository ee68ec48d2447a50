/* Who of this node is in which room: for each room the dialogs its bodies go
 * to, by edge, so that fan-out is a copy of an array.
 *
 * A seat is a caller's place in a room, from the entry that let it in to the
 * one that took it out.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_AUDIENCE_H
#define NODE_SESSION_AUDIENCE_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/intake.h"
#include "proto/base/tree.h"

struct caller;
struct body;
struct outbox;

/* Whether the client has the history that goes before its live copies.
 *
 *   FRESH --bccontext--> ASKED --given--> GIVEN --confirmed--> SETTLED
 *     +-- does not ask within SEAT_PATIENCE_MS ------------------+
 *
 * Until SETTLED a caller's confirmations prove nothing about the past: the
 * pool must not believe that its endpoint was told all.
 */
enum seat_state { SEAT_FRESH, SEAT_ASKED, SEAT_GIVEN, SEAT_SETTLED };

enum { SEAT_PATIENCE_MS = 60 * 1000 };

struct seat {
    TAILQ_ENTRY(seat) in_caller;
    struct caller *caller;
    struct audience *audience;
    uint32_t rank;       /* The dialog's place in its edge's array. */
    uint8_t state;       /* enum seat_state */
    uint8_t history_due; /* The next history ends at the join point. */
    uint64_t join_index;
    uint64_t message_id_last; /* The room's when it was joined. */
    uint32_t given_reply;     /* The history, when GIVEN. */
    uint64_t joined_us;       /* By the monotonic clock. */

    /* What shown.c keeps: up to where the user reads here. */
    TAILQ_ENTRY(seat) in_waiting;
    bool is_waiting;       /* For an answer to what was given, */
    uint64_t waits_index;  /* up to this index, */
    uint64_t waits_id;     /* which is this message. */
    uint64_t shown_from;   /* All from this message on was shown. */
    uint64_t history_from; /* The history given begins with it; 0: none. */
    uint64_t noted_id;     /* The last that was noted as read. */
    uint32_t user;         /* Principal number. */
};

/* Those of one edge in one room. */
struct audience_edge {
    uint8_t edge;
    uint32_t n;
    uint32_t capacity;
    edge_ref *dialogs;
    struct seat **seats; /* The same ones. */
};

struct audience {
    RB_ENTRY(audience) link;
    uint32_t room; /* Place number. */
    uint32_t n;
    uint32_t n_edges;
    struct audience_edge *edges;
    uint64_t given_index; /* Of the last body that went to all. */
};

/* By room. */
RB_HEAD(audience_tree, audience);

struct audiences {
    struct audience_tree tree;
    size_t seats;
};

/** Start empty. */
void audiences_init(struct audiences *audiences);

/** Free all. */
void audiences_deinit(struct audiences *audiences);

/** Find the audience of a room. NULL when nobody of this node is in it. */
struct audience *audiences_find(struct audiences *audiences, uint32_t room);

/** Find a caller's seat in a room. NULL when it has none. */
struct seat *seat_find(const struct caller *caller, uint32_t room);

/** Let a caller into a room, or move the join point of one who is in. */
struct seat *seat_take(struct audiences *audiences, struct caller *caller,
                       uint32_t room, uint64_t join_index, uint64_t now_us);

/** Take a caller out of a room. Frees the seat. */
void seat_leave(struct audiences *audiences, struct seat *seat);

/** Tell up to which log index a seat's caller was given the room's bodies. */
uint64_t seat_given(const struct seat *seat);

/**
 * Give a body to all in a room. Who is held by an edge that is behind is cut.
 */
void audience_give(struct audience *audience, struct outbox *outbox,
                   struct body *body, uint64_t log_index);

/**
 * Give a body to those in a room whose clients know of revisions, or to the
 * others; else as audience_give, which may free the audience.
 */
void audience_give_some(struct audience *audience, struct outbox *outbox,
                        struct body *body, uint64_t log_index, bool to_knowing);

#endif

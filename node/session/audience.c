#include "node/session/audience.h"

#include <stdlib.h>

#include "node/session/caller.h"
#include "node/session/outbox.h"
#include "node/session/shown.h"
#include "proto/base/check.h"

enum { DIALOGS_FIRST = 4 };

static int compare(const struct audience *a, const struct audience *b)
{
    return (a->room > b->room) - (a->room < b->room);
}

TREE_GENERATE(audience_tree, audience, link, compare)

void audiences_init(struct audiences *audiences)
{
    RB_INIT(&audiences->tree);
    audiences->seats = 0;
}

static void audience_free(struct audiences *audiences,
                          struct audience *audience)
{
    RB_REMOVE(audience_tree, &audiences->tree, audience);
    for (uint32_t i = 0; i < audience->n_edges; i++) {
        free(audience->edges[i].dialogs);
        free(audience->edges[i].seats);
    }
    free(audience->edges);
    free(audience);
}

void audiences_deinit(struct audiences *audiences)
{
    struct audience *audience;

    while ((audience = RB_ROOT(&audiences->tree)) != NULL) {
        CHECK(audience->n == 0); /* Its callers are freed first. */
        audience_free(audiences, audience);
    }
}

struct audience *audiences_find(struct audiences *audiences, uint32_t room)
{
    struct audience key = {.room = room};

    return RB_FIND(audience_tree, &audiences->tree, &key);
}

static struct audience *audience_of(struct audiences *audiences, uint32_t room)
{
    struct audience *audience = audiences_find(audiences, room);

    if (audience == NULL) {
        audience = calloc(1, sizeof(*audience));
        CHECK(audience != NULL);
        audience->room = room;
        RB_INSERT(audience_tree, &audiences->tree, audience);
    }
    return audience;
}

static struct audience_edge *find_edge(const struct audience *audience,
                                       uint8_t edge)
{
    for (uint32_t i = 0; i < audience->n_edges; i++) {
        if (audience->edges[i].edge == edge) {
            return &audience->edges[i];
        }
    }
    return NULL;
}

static struct audience_edge *edge_for(struct audience *audience, uint8_t edge)
{
    struct audience_edge *edges, *found = find_edge(audience, edge);

    if (found != NULL) {
        return found;
    }
    edges = realloc(audience->edges, (audience->n_edges + 1) * sizeof(*edges));
    CHECK(edges != NULL);
    audience->edges = edges;
    found = &edges[audience->n_edges++];
    *found = (struct audience_edge){.edge = edge};
    return found;
}

static void grow(struct audience_edge *edge)
{
    uint32_t capacity =
        edge->capacity == 0 ? DIALOGS_FIRST : edge->capacity * 2;

    if (edge->n < edge->capacity) {
        return;
    }
    edge->dialogs = realloc(edge->dialogs, capacity * sizeof(*edge->dialogs));
    edge->seats = realloc(edge->seats, capacity * sizeof(*edge->seats));
    CHECK(edge->dialogs != NULL && edge->seats != NULL);
    edge->capacity = capacity;
}

struct seat *seat_find(const struct caller *caller, uint32_t room)
{
    struct seat *seat;

    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        if (seat->audience->room == room) {
            return seat;
        }
    }
    return NULL;
}

static struct seat *seat_new(struct audiences *audiences, struct caller *caller,
                             uint32_t room)
{
    struct audience *audience = audience_of(audiences, room);
    struct audience_edge *edge = edge_for(audience, edge_of(caller->dialog));
    struct seat *seat = calloc(1, sizeof(*seat));

    CHECK(seat != NULL);
    grow(edge);
    seat->caller = caller;
    seat->audience = audience;
    seat->rank = edge->n;
    edge->dialogs[edge->n] = caller->dialog;
    edge->seats[edge->n] = seat;
    edge->n += 1;
    audience->n += 1;
    audiences->seats += 1;
    TAILQ_INSERT_TAIL(&caller->seats, seat, in_caller);
    caller->n_seats += 1;
    return seat;
}

struct seat *seat_take(struct audiences *audiences, struct caller *caller,
                       uint32_t room, uint64_t join_index, uint64_t now_us)
{
    struct seat *seat = seat_find(caller, room);

    if (seat == NULL) {
        seat = seat_new(audiences, caller, room);
    }
    seat->state = SEAT_FRESH;
    seat->history_due = true;
    seat->join_index = join_index;
    seat->joined_us = now_us;
    return seat;
}

void seat_leave(struct audiences *audiences, struct seat *seat)
{
    struct audience *audience = seat->audience;
    struct caller *caller = seat->caller;
    struct audience_edge *edge = find_edge(audience, edge_of(caller->dialog));

    CHECK(edge != NULL && edge->seats[seat->rank] == seat);
    shown_forget(seat);
    edge->n -= 1;
    edge->dialogs[seat->rank] = edge->dialogs[edge->n];
    edge->seats[seat->rank] = edge->seats[edge->n];
    edge->seats[seat->rank]->rank = seat->rank;
    TAILQ_REMOVE(&caller->seats, seat, in_caller);
    caller->n_seats -= 1;
    audiences->seats -= 1;
    audience->n -= 1;
    if (audience->n == 0) {
        audience_free(audiences, audience);
    }
    free(seat);
}

uint64_t seat_given(const struct seat *seat)
{
    uint64_t given = seat->audience->given_index;

    return given > seat->join_index ? given : 0;
}

static void cut_all(struct audience_edge *edge)
{
    /* A cut takes all seats of the caller: the array shrinks. The last one
     * frees the audience, so nothing is looked at after it. */
    for (uint32_t n = edge->n; n > 0; n--) {
        caller_cut(edge->seats[n - 1]->caller, "edge_behind");
    }
}

void audience_give(struct audience *audience, struct outbox *outbox,
                   struct body *body, uint64_t log_index)
{
    audience->given_index = log_index;
    for (uint32_t i = audience->n_edges; i-- > 0;) {
        struct audience_edge *edge = &audience->edges[i];

        if (edge->n == 0) {
            continue;
        }
        if (!outbox_is_behind(outbox, edge->edge)) {
            outbox_body(outbox, body, (struct delivery_mark){log_index, 0},
                        edge->dialogs, edge->n);
        } else if (edge->n == audience->n) {
            cut_all(edge);
            return; /* The audience is freed. */
        } else {
            cut_all(edge);
        }
    }
}

/* Those of an edge whose clients know of revisions, or the others. */
static uint32_t choose(const struct audience_edge *edge, bool to_knowing,
                       edge_ref *dialogs)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < edge->n; i++) {
        if (edge->seats[i]->caller->knows_revisions == to_knowing) {
            dialogs[n++] = edge->dialogs[i];
        }
    }
    return n;
}

static void give_chosen(const struct audience_edge *edge, struct outbox *outbox,
                        struct body *body, uint64_t log_index, bool to_knowing)
{
    edge_ref *dialogs = malloc(edge->n * sizeof(*dialogs));
    uint32_t n;

    CHECK(dialogs != NULL);
    n = choose(edge, to_knowing, dialogs);
    if (n > 0) {
        outbox_body(outbox, body, (struct delivery_mark){log_index, 0}, dialogs,
                    n);
    }
    free(dialogs);
}

void audience_give_some(struct audience *audience, struct outbox *outbox,
                        struct body *body, uint64_t log_index, bool to_knowing)
{
    audience->given_index = log_index;
    for (uint32_t i = audience->n_edges; i-- > 0;) {
        struct audience_edge *edge = &audience->edges[i];
        bool is_last = edge->n == audience->n;

        if (edge->n > 0 && !outbox_is_behind(outbox, edge->edge)) {
            give_chosen(edge, outbox, body, log_index, to_knowing);
        } else if (edge->n > 0) {
            cut_all(edge);
            if (is_last) {
                return; /* The audience is freed. */
            }
        }
    }
}

#include "node/session/shown.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/attending.h"
#include "node/chat/view.h"
#include "node/session/hub.h"
#include "proto/base/check.h"

struct noted {
    RB_ENTRY(noted) link;
    uint32_t user, room; /* Numbers. */
    uint64_t message_id;
};

static int compare(const struct noted *a, const struct noted *b)
{
    if (a->user != b->user) {
        return a->user < b->user ? -1 : 1;
    }
    return (a->room > b->room) - (a->room < b->room);
}

TREE_GENERATE(noted_tree, noted, link, compare)

void shown_init(struct shown *shown)
{
    memset(shown, 0, sizeof(*shown));
    TAILQ_INIT(&shown->waiting);
    RB_INIT(&shown->noted);
}

static void forget_sent(struct shown *shown)
{
    for (size_t i = 0; i < shown->n_sent; i++) {
        free(shown->sent[i]);
    }
    free(shown->sent);
    shown->sent = NULL;
    shown->n_sent = 0;
}

void shown_deinit(struct shown *shown)
{
    struct noted *noted;

    while ((noted = RB_ROOT(&shown->noted)) != NULL) {
        RB_REMOVE(noted_tree, &shown->noted, noted);
        free(noted);
    }
    forget_sent(shown);
    shown_init(shown);
}

/* Takes noted. */
static void keep(struct shown *shown, struct noted *noted)
{
    struct noted *other = RB_INSERT(noted_tree, &shown->noted, noted);

    if (other == NULL) {
        shown->n += 1;
        return;
    }
    if (other->message_id < noted->message_id) {
        other->message_id = noted->message_id;
    }
    free(noted);
}

/* Whether the user's mark, as it is, may move to a message by itself. */
static bool moves(const struct sessions *hub, const struct seat *seat,
                  uint64_t message_id)
{
    const struct user *user = query_user_numbered(hub->machine, seat->user);
    const struct room *room =
        query_room_numbered(hub->machine, seat->audience->room);
    struct attended attended;

    if (user == NULL || room == NULL) {
        return false;
    }
    attending_room(user, room, &attended);
    return (attended.follows || attended.has_mark) &&
           attended.read_id < message_id &&
           attended.read_id + 1 >= seat->shown_from;
}

static void note(struct seat *seat, uint64_t message_id)
{
    struct sessions *hub = seat->caller->hub;
    struct noted *noted;

    if (!moves(hub, seat, message_id) || hub->shown.n >= SHOWN_NOTED_MAX) {
        return;
    }
    noted = malloc(sizeof(*noted));
    CHECK(noted != NULL);
    *noted = (struct noted){
        .user = seat->user,
        .room = seat->audience->room,
        .message_id = message_id,
    };
    seat->noted_id = message_id;
    keep(&hub->shown, noted);
}

static uint64_t last_of(const struct sessions *hub, uint32_t number)
{
    const struct room *room = query_room_numbered(hub->machine, number);
    struct room_view view;

    if (room == NULL) {
        return 0;
    }
    view_room(room, &view);
    return view.message_id_last;
}

static void wait(struct seat *seat, uint64_t message_id)
{
    struct shown *shown = &seat->caller->hub->shown;

    if (seat->is_waiting) {
        return; /* It is looked at again when that was answered. */
    }
    seat->is_waiting = true;
    seat->waits_index = seat_given(seat);
    seat->waits_id = message_id;
    TAILQ_INSERT_TAIL(&shown->waiting, seat, in_waiting);
}

void shown_fresh(struct sessions *hub, struct audience *audience)
{
    uint64_t last = last_of(hub, audience->room);

    for (uint32_t i = 0; i < audience->n_edges; i++) {
        struct audience_edge *edge = &audience->edges[i];

        for (uint32_t j = 0; j < edge->n; j++) {
            if (moves(hub, edge->seats[j], last)) {
                wait(edge->seats[j], last);
            }
        }
    }
}

void shown_settled(struct seat *seat)
{
    if (seat->history_from > 0 && seat->history_from < seat->shown_from) {
        seat->shown_from = seat->history_from;
        note(seat, seat->message_id_last);
    }
}

void shown_flush(struct seat *seat)
{
    if (seat->is_waiting &&
        seat->caller->delivered_index >= seat->waits_index) {
        note(seat, seat->waits_id);
    }
}

void shown_forget(struct seat *seat)
{
    if (seat->is_waiting) {
        TAILQ_REMOVE(&seat->caller->hub->shown.waiting, seat, in_waiting);
        seat->is_waiting = false;
    }
}

void shown_marked(struct sessions *hub, const struct event *event)
{
    const struct user *user = query_user_numbered(hub->machine, event->user);
    struct caller *caller = NULL;
    struct user_view view;

    CHECK(user != NULL);
    view_user(user, &view);
    while ((caller = callers_next_of(&hub->callers, view.uri, caller)) !=
           NULL) {
        struct seat *seat = seat_find(caller, event->room);

        if (seat != NULL && event->message_id < seat->noted_id) {
            seat->shown_from = UINT64_MAX;
        }
    }
}

static void look(struct sessions *hub)
{
    struct seat *seat = TAILQ_FIRST(&hub->shown.waiting), *next;

    for (; seat != NULL; seat = next) {
        uint64_t last;

        next = TAILQ_NEXT(seat, in_waiting);
        if (seat->caller->delivered_index < seat->waits_index) {
            continue;
        }
        note(seat, seat->waits_id);
        last = last_of(hub, seat->audience->room);
        if (last > seat->waits_id) {
            seat->waits_index = seat_given(seat);
            seat->waits_id = last;
        } else {
            shown_forget(seat);
        }
    }
}

/* What was not taken is proposed again: that does no harm. */
static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct shown *shown =
        (struct shown *)((char *)proposal - offsetof(struct shown, proposal));

    (void)applied;
    (void)effects;
    shown->is_proposing = false;
    if (fate != PROPOSAL_APPLIED) {
        for (size_t i = 0; i < shown->n_sent; i++) {
            keep(shown, shown->sent[i]);
        }
        shown->n_sent = 0;
    }
    forget_sent(shown);
}

/* Fill in a mark; false when its user or room is not there. */
static bool fill(struct sessions *hub, const struct noted *noted,
                 Perch__ReadMarks__Mark *mark)
{
    const struct user *user = query_user_numbered(hub->machine, noted->user);
    const struct room *room = query_room_numbered(hub->machine, noted->room);
    struct user_view user_view;
    struct room_view room_view;
    struct slice guid;

    if (user == NULL || room == NULL) {
        return false;
    }
    view_user(user, &user_view);
    view_room(room, &room_view);
    guid = arena_copy_slice(hub->arena,
                            slice_of(room_view.place.guid.bytes, GUID_BYTES));
    CHECK(guid.len == GUID_BYTES);
    perch__read_marks__mark__init(mark);
    CODEC_SET_BYTES(mark, user, user_view.uri);
    CODEC_SET_BYTES(mark, room, guid);
    CODEC_SET(mark, message_id, noted->message_id);
    return true;
}

static void take_some(struct shown *shown, size_t n)
{
    shown->sent = calloc(n, sizeof(struct noted *));
    CHECK(shown->sent != NULL);
    while (shown->n_sent < n) {
        struct noted *noted = RB_MIN(noted_tree, &shown->noted);

        RB_REMOVE(noted_tree, &shown->noted, noted);
        shown->n -= 1;
        shown->sent[shown->n_sent++] = noted;
    }
}

static enum error propose(struct sessions *hub)
{
    struct shown *shown = &hub->shown;
    Perch__ReadMarks marks = PERCH__READ_MARKS__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ReadMarks__Mark *rows =
        arena_alloc(hub->arena, shown->n_sent * sizeof(*rows));

    marks.marks = arena_alloc(hub->arena, shown->n_sent * sizeof(*marks.marks));
    CHECK(rows != NULL && marks.marks != NULL);
    for (size_t i = 0; i < shown->n_sent; i++) {
        if (fill(hub, shown->sent[i], &rows[i])) {
            marks.marks[marks.n_marks++] = &rows[i];
        }
    }
    command.kind_case = PERCH__COMMAND__KIND_READ_MARKS;
    command.read_marks = &marks;
    shown->proposal = (struct proposal){.tell = told};
    return proposer_propose(hub->proposer, &shown->proposal, &command);
}

void shown_tick(struct sessions *hub, uint64_t now_us)
{
    struct shown *shown = &hub->shown;

    look(hub);
    if (shown->n == 0 || shown->is_proposing ||
        now_us - shown->ticked_us < SHOWN_TICK_MS * 1000ull) {
        return;
    }
    shown->ticked_us = now_us;
    take_some(shown, shown->n < READS_PER_COMMAND_MAX ? shown->n
                                                      : READS_PER_COMMAND_MAX);
    shown->is_proposing = propose(hub) == ERROR_NONE;
    arena_reset(hub->arena);
    if (!shown->is_proposing) {
        told(&shown->proposal, PROPOSAL_WITHDRAWN, NULL, NULL);
    }
}

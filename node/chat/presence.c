#include "node/chat/presence.h"

#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

static int compare(const struct participant *a, const struct participant *b)
{
    const struct session *x = a->session, *y = b->session;

    if (x->user_number != y->user_number) {
        return x->user_number < y->user_number ? -1 : 1;
    }
    return session_compare(x, y);
}

TREE_GENERATE(participants, participant, in_room, compare)

struct participant *presence_find(const struct room *room,
                                  const struct session *session)
{
    struct participants tree = room->participants;
    struct participant key;

    key.session = (struct session *)(uintptr_t)session;
    return RB_FIND(participants, &tree, &key);
}

struct participant *presence_next(const struct room *room,
                                  const struct participant *after)
{
    struct participants tree = room->participants;

    if (after == NULL) {
        return RB_MIN(participants, &tree);
    }
    return RB_NEXT(participants, &tree, (struct participant *)(uintptr_t)after);
}

static bool is_of(const struct participant *participant,
                  const struct participant *other)
{
    return other != NULL && other->session->user == participant->session->user;
}

/* A user's endpoints stand side by side. */
static bool is_only_endpoint(struct participant *participant)
{
    struct participant *before = RB_PREV(participants, NULL, participant);
    struct participant *after = RB_NEXT(participants, NULL, participant);

    return !is_of(participant, before) && !is_of(participant, after);
}

struct participant *presence_load(struct room *room, struct session *session,
                                  uint64_t join_index)
{
    struct participant *participant = malloc(sizeof(*participant));

    CHECK(participant != NULL);
    participant->room = room;
    participant->session = session;
    participant->join_index = join_index;
    if (RB_INSERT(participants, &room->participants, participant) != NULL) {
        free(participant);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&session->rooms, participant, in_session);
    session->n_rooms += 1;
    room->endpoints_present += 1;
    room->users_present += is_only_endpoint(participant);
    return participant;
}

static void drop(struct participant *participant)
{
    struct room *room = participant->room;
    struct session *session = participant->session;

    CHECK(room->endpoints_present > 0 && session->n_rooms > 0);
    room->users_present -= is_only_endpoint(participant);
    room->endpoints_present -= 1;
    session->n_rooms -= 1;
    RB_REMOVE(participants, &room->participants, participant);
    TAILQ_REMOVE(&session->rooms, participant, in_session);
    free(participant);
}

void presence_drop(struct session *session)
{
    while (!TAILQ_EMPTY(&session->rooms)) {
        drop(TAILQ_FIRST(&session->rooms));
    }
}

static struct event *tell(struct turn *turn, struct participant *participant,
                          enum event_kind kind)
{
    struct event *event = effects_event(turn->effects, kind);

    event->room = participant->room->place.number;
    event->guid = participant->room->place.guid;
    event->user = participant->session->user_number;
    event->session = session_id(participant->session);
    event->edge = is_only_endpoint(participant);
    session_mark(turn->machine, participant->session);
    return event;
}

void presence_enter(struct turn *turn, struct room *room,
                    struct session *session, uint32_t position)
{
    struct participant *participant = presence_find(room, session);
    bool again = participant != NULL;
    struct event *event;

    CHECK(access_enter(session->user, room) == OUTCOME_DONE);
    if (again) {
        participant->join_index = turn->entry->index;
    } else {
        participant = presence_load(room, session, turn->entry->index);
        CHECK(participant != NULL);
        session->entered = true;
    }
    event = tell(turn, participant, EVENT_JOINED);
    event->position = position;
    event->again = again;
    event->edge = event->edge && !again;
}

void presence_leave(struct turn *turn, struct participant *participant,
                    enum leave leave)
{
    /* Told while still in, so that `edge` counts the one who leaves. */
    struct event *event = tell(turn, participant, EVENT_PARTED);

    CHECK(leave < LEAVES);
    event->leave = (uint8_t)leave;
    drop(participant);
}

static void put_out(struct turn *turn, struct participant *participant)
{
    enum outcome outcome =
        access_enter(participant->session->user, participant->room);

    if (outcome != OUTCOME_DONE) {
        presence_leave(turn, participant,
                       outcome == OUTCOME_ROOM_DISABLED ? LEAVE_ROOM_DISABLED
                                                        : LEAVE_EVICTED);
    }
}

void presence_put_out(struct turn *turn, struct room *room)
{
    struct participant *participant = RB_MIN(participants, &room->participants);

    while (participant != NULL) {
        /* Leaving frees the participant: look on first. */
        struct participant *next =
            RB_NEXT(participants, &room->participants, participant);

        put_out(turn, participant);
        participant = next;
    }
}

void presence_empty(struct turn *turn, struct room *room, enum leave leave)
{
    while (!RB_EMPTY(&room->participants)) {
        presence_leave(turn, RB_MIN(participants, &room->participants), leave);
    }
}

static void put_out_session(struct turn *turn, struct session *session)
{
    struct participant *participant = TAILQ_FIRST(&session->rooms);

    while (participant != NULL) {
        struct participant *next = TAILQ_NEXT(participant, in_session);

        put_out(turn, participant);
        participant = next;
    }
}

void presence_put_out_user(struct turn *turn, const struct user *user)
{
    struct session *session;

    LIST_FOREACH (session, &user->sessions, in_user) {
        put_out_session(turn, session);
    }
}

#include "node/session/resuming.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/chat/view.h"
#include "node/session/hub.h"
#include "node/session/joining.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

struct memento_room {
    struct guid guid;
    uint64_t message_id_last;
};

struct memento {
    TAILQ_ENTRY(memento) link;
    edge_ref connection;
    uint64_t closed_us;
    bool is_level; /* All that was given was confirmed. */
    size_t n;
    struct memento_room rooms[];
};

/* A join of ours that the client does not know of. */
struct resume {
    TAILQ_ENTRY(resume) link;
    struct proposal proposal;
    struct caller *caller;   /* Held. */
    struct memento *memento; /* NULL: the dialog broke again. */
};

void resuming_init(struct resumption *resumption)
{
    TAILQ_INIT(&resumption->mementos);
    TAILQ_INIT(&resumption->resumes);
    resumption->n = 0;
}

static void forget(struct resumption *resumption, struct memento *memento)
{
    TAILQ_REMOVE(&resumption->mementos, memento, link);
    resumption->n -= 1;
    free(memento);
}

static void resume_free(struct resume *resume)
{
    TAILQ_REMOVE(&resume->caller->hub->resumption.resumes, resume, link);
    caller_release(resume->caller);
    free(resume->memento);
    free(resume);
}

void resuming_deinit(struct sessions *hub)
{
    struct resumption *resumption = &hub->resumption;

    while (!TAILQ_EMPTY(&resumption->resumes)) {
        resume_free(TAILQ_FIRST(&resumption->resumes));
    }
    while (!TAILQ_EMPTY(&resumption->mementos)) {
        forget(resumption, TAILQ_FIRST(&resumption->mementos));
    }
}

static void forget_old(struct sessions *hub, uint64_t now_us)
{
    struct resumption *resumption = &hub->resumption;
    struct memento *oldest;

    while ((oldest = TAILQ_FIRST(&resumption->mementos)) != NULL &&
           (resumption->n >= MEMENTOS_MAX ||
            now_us - oldest->closed_us > MEMENTO_MS * 1000ull)) {
        forget(resumption, oldest);
    }
}

static bool is_level(const struct caller *caller)
{
    const struct seat *seat;

    if (caller->replies_confirmed < caller->replies_given) {
        return false;
    }
    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        if (seat_given(seat) > caller->delivered_index ||
            seat->state == SEAT_ASKED) {
            return false;
        }
    }
    return true;
}

static void keep_room(struct sessions *hub, const struct seat *seat,
                      struct memento_room *room_out)
{
    const struct room *room =
        query_room_told(hub->machine, seat->audience->room);
    struct room_view view;

    CHECK(room != NULL);
    view_room(room, &view);
    room_out->guid = view.place.guid;
    room_out->message_id_last = view.message_id_last;
}

static struct memento *memento_new(const struct caller *caller)
{
    struct memento *memento;
    const struct seat *seat;

    memento = calloc(1, sizeof(*memento) +
                            caller->n_seats * sizeof(memento->rooms[0]));
    CHECK(memento != NULL);
    memento->connection = caller->connection;
    memento->is_level = is_level(caller);
    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        keep_room(caller->hub, seat, &memento->rooms[memento->n++]);
    }
    return memento;
}

/* A dialog may break again before it is back in the rooms of the one before:
 * these are still what its client believes in. */
static struct memento *take_unfinished(const struct caller *caller)
{
    struct memento *memento;
    struct resume *resume;

    TAILQ_FOREACH (resume, &caller->hub->resumption.resumes, link) {
        if (resume->caller == caller && resume->memento != NULL) {
            memento = resume->memento;
            resume->memento = NULL;
            return memento;
        }
    }
    return NULL;
}

void resuming_remember(struct caller *caller)
{
    struct sessions *hub = caller->hub;
    struct memento *memento;

    if (caller->end != DIALOG_DROPPED) {
        return;
    }
    memento = take_unfinished(caller);
    if (memento == NULL) {
        memento = memento_new(caller);
    }
    memento->closed_us = loop_now_us(hub->settings.loop);
    forget_old(hub, memento->closed_us);
    TAILQ_INSERT_TAIL(&hub->resumption.mementos, memento, link);
    hub->resumption.n += 1;
}

/* The newest of the connection, taken out of the list. */
static struct memento *take(struct sessions *hub, edge_ref connection)
{
    struct resumption *resumption = &hub->resumption;
    struct memento *memento;

    TAILQ_FOREACH_REVERSE(memento, &resumption->mementos, memento_list, link)
    {
        if (memento->connection == connection) {
            TAILQ_REMOVE(&resumption->mementos, memento, link);
            resumption->n -= 1;
            return memento;
        }
    }
    return NULL;
}

/* Whether a room is as the broken dialog was told last. */
static bool is_same(const struct sessions *hub, const struct memento_room *kept)
{
    const struct room *room = query_room(hub->machine, &kept->guid);
    struct room_view view;

    if (room == NULL) {
        return false;
    }
    view_room(room, &view);
    return view.message_id_last == kept->message_id_last;
}

static bool is_seamless(const struct resume *resume,
                        const struct applied *applied,
                        const struct effects *effects)
{
    const struct memento *memento = resume->memento;

    if (memento == NULL || applied == NULL || effects == NULL ||
        applied->outcome != OUTCOME_DONE || !memento->is_level) {
        return false;
    }
    for (size_t i = 0; i < effects->n_events; i++) {
        if (effects->events[i].kind == EVENT_JOIN_REFUSED) {
            return false;
        }
    }
    for (size_t i = 0; i < memento->n; i++) {
        if (!is_same(resume->caller->hub, &memento->rooms[i])) {
            return false;
        }
    }
    return true;
}

static void resume_told(struct proposal *proposal, enum proposal_fate fate,
                        const struct applied *applied,
                        const struct effects *effects)
{
    struct resume *resume =
        (struct resume *)((char *)proposal - offsetof(struct resume, proposal));
    struct caller *caller = resume->caller;

    (void)fate;
    caller->joins -= 1;
    if (is_seamless(resume, applied, effects)) {
        caller->resumed_index = effects->log_index;
        meter_add(&caller->hub->meters.returns, 1);
    } else {
        caller_cut(caller, "resumed_with_a_gap");
    }
    resume_free(resume);
}

static enum error propose(struct resume *resume)
{
    const struct memento *memento = resume->memento;
    struct guid *guids = calloc(memento->n, sizeof(*guids));
    enum error error = caller_open(resume->caller);

    CHECK(guids != NULL);
    for (size_t i = 0; i < memento->n; i++) {
        guids[i] = memento->rooms[i].guid;
    }
    if (error == ERROR_NONE) {
        resume->proposal.tell = resume_told;
        error = joining_propose(resume->caller, guids, memento->n,
                                &resume->proposal);
    }
    free(guids);
    return error;
}

void resuming_begin(struct caller *caller)
{
    struct sessions *hub = caller->hub;
    struct memento *memento = take(hub, caller->connection);
    struct resume *resume;

    if (memento == NULL || memento->n == 0) {
        free(memento); /* It was in no room. */
        return;
    }
    resume = calloc(1, sizeof(*resume));
    CHECK(resume != NULL);
    resume->caller = caller;
    resume->memento = memento;
    caller_hold(caller);
    TAILQ_INSERT_TAIL(&hub->resumption.resumes, resume, link);
    journal_info("dialog_resumed", "dialog=%016" PRIx64 " rooms=%zu",
                 caller->dialog, memento->n);
    if (propose(resume) == ERROR_NONE) {
        caller->joins += 1;
    } else {
        caller_cut(caller, "not_resumed");
        resume_free(resume);
    }
}

#include "node/session/telling.h"

#include <string.h>

#include "node/session/hub.h"
#include "proto/base/check.h"

enum { TELLING_ARENA_BYTES = 16 * 1024 };

static struct history *history_of(const struct telling *telling)
{
    return &telling->errand.visit->hub->history;
}

void history_init(struct history *history, struct loop *loop)
{
    memset(history, 0, sizeof(*history));
    TAILQ_INIT(&history->parked);
    TAILQ_INIT(&history->held);
    TAILQ_INIT(&history->slow);
    history->worker = worker_new(loop, "history");
    CHECK(history->worker != NULL);
}

void history_deinit(struct history *history)
{
    history->store = NULL; /* What ends begins no other. */
    worker_free(history->worker);
    history->worker = NULL;
}

void telling_enlist(struct telling *telling, struct telling_list *list)
{
    telling->list = list;
    TAILQ_INSERT_TAIL(list, telling, link);
}

void telling_delist(struct telling *telling)
{
    TAILQ_REMOVE(telling->list, telling, link);
    telling->list = NULL;
}

/* Not waiting any more: what is left is to answer. */
void telling_end_wait(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;

    hub->history.waiting -= 1;
    meter_set(&hub->meters.histories_waiting, (int64_t)hub->history.waiting);
}

void telling_refuse(struct telling *telling, enum outcome outcome)
{
    telling_end_wait(telling);
    errand_refuse_outcome(&telling->errand, outcome);
}

void telling_refuse_for(struct telling *telling, enum error error)
{
    telling_end_wait(telling);
    if (error == ERROR_ROTTEN || error == ERROR_STORE_IO) {
        errand_refuse(&telling->errand, XCCOS_CODE_SERVER,
                      "the history cannot be read on this server");
    } else {
        errand_refuse(&telling->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}

/* The first message of a history that goes without a gap up to the join; 0:
 * of none. */
static uint64_t first_of(const struct telling *telling)
{
    const struct xccos_message *first = telling->block.messages;

    return first == NULL || telling->query.is_forward ? 0
                                                      : first->message_id.value;
}

/* On the worker: nothing of the state loop's is touched. */
static void run(struct job *job)
{
    struct telling *telling =
        (struct telling *)((char *)job - offsetof(struct telling, job));
    struct buffer bytes = BUFFER_EMPTY;

    telling->error = past_read(telling->store, &telling->query, telling->arena,
                               &telling->block);
    telling->first_id = first_of(telling); /* While they are there. */
    if (telling->error == ERROR_NONE &&
        xccos_write_primitive(&bytes, telling->envid, &telling->reply) ==
            XCCOS_ERROR_NONE) {
        telling->body = body_new(buffer_slice(&bytes));
    }
    buffer_deinit(&bytes);
}

/* It is the next reply. */
static void mark_given(struct telling *telling)
{
    struct caller *caller = telling->errand.visit->caller;
    struct seat *seat = seat_find(caller, telling->query.room);

    if (seat != NULL && seat->state == SEAT_ASKED &&
        seat->join_index == telling->join_index) {
        seat->state = SEAT_GIVEN;
        seat->given_reply = caller->replies_given + 1;
        seat->history_from = telling->first_id;
    }
}

static void give(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;
    struct caller *caller = telling->errand.visit->caller;

    telling_end_wait(telling);
    meter_add(&hub->meters.histories, 1);
    meter_observe(&hub->meters.history_us,
                  loop_now_us(hub->settings.loop) - telling->began_us);
    mark_given(telling);
    if (telling->body != NULL) {
        caller->history_given += telling->body->len;
        caller->history_reply = caller->replies_given + 1;
    }
    errand_reply_body(&telling->errand, telling->body, 0);
}

static void tell_released(struct history *history)
{
    void (*released)(void *) = history->released;

    if (released != NULL && history->reading == 0) {
        history->released = NULL;
        released(history->context);
    }
}

/* A row that cannot be read today will not be read tomorrow. */
static void tell_unsound(const struct sessions *hub, enum error error)
{
    if ((error == ERROR_ROTTEN || error == ERROR_STORE_IO) &&
        hub->settings.unsound != NULL) {
        hub->settings.unsound(hub->settings.context, error);
    }
}

static void done(struct job *job)
{
    struct telling *telling =
        (struct telling *)((char *)job - offsetof(struct telling, job));
    struct sessions *hub = telling->errand.visit->hub;
    struct history *history = &hub->history;
    enum error error = telling->error;

    history->reading -= 1;
    telling->errand.visit->caller->history_reading -= XCCOS_BODY_BYTES_MAX;
    arena_free(telling->arena);
    if (error == ERROR_NONE) {
        give(telling); /* Ends the telling. */
    } else {
        telling_refuse_for(telling, error);
    }
    history_go_on(hub);
    tell_released(history);
    tell_unsound(hub, error);
}

struct store *history_borrow(struct history *history)
{
    history->reading += history->store != NULL;
    return history->store;
}

void history_give_back(struct sessions *hub, enum error error)
{
    CHECK(hub->history.reading > 0);
    hub->history.reading -= 1;
    tell_released(&hub->history);
    tell_unsound(hub, error);
}

/* Whether a client owes so many answers that one more history might not find
 * room in its dialog. */
static bool is_slow(const struct caller *caller)
{
    size_t bytes = caller->history_reading + caller->history_given;

    return bytes > 0 &&
           bytes + XCCOS_BODY_BYTES_MAX > HISTORY_UNANSWERED_BYTES_MAX;
}

void telling_read(struct telling *telling)
{
    struct history *history = history_of(telling);
    struct caller *caller = telling->errand.visit->caller;

    if (history->store == NULL) {
        telling_enlist(telling, &history->held);
        return;
    }
    if (is_slow(caller)) {
        telling_enlist(telling, &history->slow);
        return;
    }
    telling->arena = arena_new(TELLING_ARENA_BYTES);
    if (telling->arena == NULL) {
        telling_refuse_for(telling, ERROR_NO_MEMORY);
        return;
    }
    telling->store = history->store;
    telling->began_us = loop_now_us(telling->errand.visit->hub->settings.loop);
    telling->job = (struct job){.run = run, .done = done};
    history->reading += 1;
    caller->history_reading += XCCOS_BODY_BYTES_MAX;
    worker_submit(history->worker, &telling->job);
}

void history_go_on(struct sessions *hub)
{
    struct telling *telling = TAILQ_FIRST(&hub->history.slow), *next;

    for (; telling != NULL; telling = next) {
        const struct caller *caller = telling->errand.visit->caller;

        next = TAILQ_NEXT(telling, link);
        if (!caller_is_served(caller)) {
            telling_delist(telling);
            telling_refuse_for(telling, ERROR_CLOSED);
        } else if (!is_slow(caller)) {
            telling_delist(telling);
            telling_read(telling);
        }
    }
}

void history_release(struct history *history, void (*released)(void *context),
                     void *context)
{
    CHECK(history->released == NULL);
    history->store = NULL;
    history->released = released;
    history->context = context;
    tell_released(history);
}

void history_use(struct history *history, struct store *store)
{
    struct telling *telling;

    history->store = store;
    while ((telling = TAILQ_FIRST(&history->held)) != NULL) {
        telling_delist(telling);
        telling_read(telling);
    }
}

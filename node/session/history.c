#include "node/session/history.h"

#include <string.h>

#include "node/chat/access.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/past.h"
#include "proto/base/check.h"

enum { TELLING_ARENA_BYTES = 16 * 1024 };

/* One bccontext under way. The worker has it while it is read. */
struct telling {
    struct errand errand;      /* First. */
    TAILQ_ENTRY(telling) link; /* history.parked or .held */
    struct telling_list *list; /* In which it is; NULL: in none. */
    struct read read;
    struct job job;
    const struct xccos_request *request;
    uint64_t join_index; /* Of the seat it is for; 0: of none. */

    struct past_query query;
    struct store *store;
    struct arena *arena; /* The worker's. */
    uint64_t envid;
    uint64_t began_us;
    struct xccos_primitive reply;
    struct xccos_room block;
    struct body *body;
    enum error error;
};

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
    history->worker = worker_new(loop, "perch-history");
    CHECK(history->worker != NULL);
}

void history_deinit(struct history *history)
{
    history->store = NULL; /* What ends begins no other. */
    worker_free(history->worker);
    history->worker = NULL;
}

static void enlist(struct telling *telling, struct telling_list *list)
{
    telling->list = list;
    TAILQ_INSERT_TAIL(list, telling, link);
}

static void delist(struct telling *telling)
{
    TAILQ_REMOVE(telling->list, telling, link);
    telling->list = NULL;
}

/* Not waiting any more: what is left is to answer. */
static void count_out(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;

    hub->history.waiting -= 1;
    meter_set(&hub->meters.histories_waiting, (int64_t)hub->history.waiting);
}

static void refuse(struct telling *telling, enum outcome outcome)
{
    count_out(telling);
    errand_refuse_outcome(&telling->errand, outcome);
}

static void refuse_for(struct telling *telling, enum error error)
{
    count_out(telling);
    if (error == ERROR_ROTTEN || error == ERROR_STORE_IO) {
        errand_refuse(&telling->errand, XCCOS_CODE_SERVER,
                      "the history cannot be read on this server");
    } else {
        errand_refuse(&telling->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}

static const struct room *room_of(const struct telling *telling)
{
    const struct sessions *hub = telling->errand.visit->hub;
    const struct xccos_name *name = &telling->request->history.room;

    return hub_is_ours(hub, name) ? query_room(hub->machine, &name->guid)
                                  : NULL;
}

/* The caller's seat in the room, if this is the history that goes before its
 * live copies. */
static struct seat *seat_due(const struct telling *telling,
                             const struct room *room)
{
    const struct caller *caller = telling->errand.visit->caller;
    struct room_view view;
    struct seat *seat;

    if (room == NULL) {
        return NULL;
    }
    view_room(room, &view);
    seat = seat_find(caller, view.place.number);
    return seat != NULL && seat->history_due ? seat : NULL;
}

/* On the worker: nothing of the state loop's is touched. */
static void run(struct job *job)
{
    struct telling *telling =
        (struct telling *)((char *)job - offsetof(struct telling, job));
    struct buffer bytes = BUFFER_EMPTY;

    telling->error = past_read(telling->store, &telling->query, telling->arena,
                               &telling->block);
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
    }
}

static void give(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;
    struct caller *caller = telling->errand.visit->caller;

    count_out(telling);
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

static void done(struct job *job)
{
    struct telling *telling =
        (struct telling *)((char *)job - offsetof(struct telling, job));
    struct sessions *hub = telling->errand.visit->hub;
    struct history *history = &hub->history;

    history->reading -= 1;
    telling->errand.visit->caller->history_reading -= XCCOS_BODY_BYTES_MAX;
    arena_free(telling->arena);
    if (telling->error == ERROR_NONE) {
        give(telling); /* Ends the telling. */
    } else {
        refuse_for(telling, telling->error);
    }
    history_go_on(hub);
    tell_released(history);
}

/* Whether a client owes so many answers that one more history might not find
 * room in its dialog. */
static bool is_slow(const struct caller *caller)
{
    size_t bytes = caller->history_reading + caller->history_given;

    return bytes > 0 &&
           bytes + XCCOS_BODY_BYTES_MAX > HISTORY_UNANSWERED_BYTES_MAX;
}

static void submit(struct telling *telling)
{
    struct history *history = history_of(telling);
    struct caller *caller = telling->errand.visit->caller;

    if (history->store == NULL) {
        enlist(telling, &history->held);
        return;
    }
    if (is_slow(caller)) {
        enlist(telling, &history->slow);
        return;
    }
    telling->arena = arena_new(TELLING_ARENA_BYTES);
    if (telling->arena == NULL) {
        refuse_for(telling, ERROR_NO_MEMORY);
        return;
    }
    telling->store = history->store;
    telling->began_us = loop_now_us(telling->errand.visit->hub->settings.loop);
    telling->job = (struct job){.run = run, .done = done};
    history->reading += 1;
    caller->history_reading += XCCOS_BODY_BYTES_MAX;
    worker_submit(history->worker, &telling->job);
}

static uint32_t wanted(const struct telling *telling)
{
    const struct xccos_history_query *query = &telling->request->history.query;
    struct xccos_number n = query->last.set ? query->last : query->results_max;

    if (!n.set) {
        return machine_setting(telling->errand.visit->hub->machine,
                               SETTING_HISTORY_DEFAULT);
    }
    return n.value < PAST_MESSAGES_MAX ? (uint32_t)n.value : PAST_MESSAGES_MAX;
}

/* Up to where the endpoint has been told all. Nothing known of it: no more is
 * shown than was asked for. */
static uint64_t told_index(const struct caller *caller)
{
    struct session_id id = {caller->hub->settings.node, caller->epoch,
                            caller->serial};
    const struct session *session = query_session(caller->hub->machine, &id);
    uint64_t index;

    if (session == NULL || !view_told(caller->hub->machine, session, &index)) {
        return UINT64_MAX;
    }
    return index;
}

static bool prepare_reply(struct telling *telling, const struct room_view *view)
{
    struct visit *visit = telling->errand.visit;
    struct xccos_room *named =
        describe_room_uri(visit->hub, visit->intake->arena, &view->place.guid);

    if (named == NULL) {
        return false;
    }
    telling->block = *named;
    errand_reply_init(&telling->errand, &telling->reply);
    telling->reply.data.rooms = &telling->block;
    telling->envid = ++visit->hub->envid;
    return true;
}

static bool is_before(const struct xccos_history_query *query)
{
    return query->after_id.set && query->search == XCCOS_DIRECTION_BACKWARD;
}

static uint64_t first_of(const struct xccos_history_query *query)
{
    return query->after_id.set && !is_before(query) &&
                   query->after_id.value < UINT64_MAX
               ? query->after_id.value + 1
               : 1;
}

/* The newest to be shown: up to where the room, or the join, is. */
static uint64_t last_of(const struct xccos_history_query *query, uint64_t upto)
{
    uint64_t before = is_before(query) && query->after_id.value > 0
                          ? query->after_id.value - 1
                          : 0;

    return is_before(query) && before < upto ? before : upto;
}

static void begin(struct telling *telling, const struct room *room)
{
    struct seat *seat = seat_due(telling, room);
    const struct xccos_history_query *query = &telling->request->history.query;
    struct room_view view;

    view_room(room, &view);
    if (!prepare_reply(telling, &view)) {
        refuse_for(telling, ERROR_NO_MEMORY);
        return;
    }
    telling->query = (struct past_query){
        .room = view.place.number,
        .room_uri = telling->block.uri,
        .message_id_last = last_of(query, view.message_id_last),
        .message_id_first = first_of(query),
        .wanted = wanted(telling),
        .told_index = UINT64_MAX,
        .is_forward = query->after_id.set && !query->last.set &&
                      query->search == XCCOS_DIRECTION_FORWARD,
    };
    if (seat != NULL) {
        seat->state = SEAT_ASKED;
        seat->history_due = false;
        telling->join_index = seat->join_index;
        telling->query.message_id_last = last_of(query, seat->message_id_last);
        telling->query.told_index = told_index(telling->errand.visit->caller);
    }
    submit(telling);
}

/* Whether a user may read a room's history, as the state is now. */
static enum outcome judge(const struct telling *telling,
                          const struct room *room)
{
    const struct visit *visit = telling->errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);

    if (user == NULL || room == NULL) {
        return user == NULL ? OUTCOME_USER_UNKNOWN : OUTCOME_ROOM_UNKNOWN;
    }
    return access_read(user, room);
}

static void index_told(struct read *read, enum error error)
{
    struct telling *telling =
        (struct telling *)((char *)read - offsetof(struct telling, read));
    const struct room *room = room_of(telling);
    enum outcome outcome = judge(telling, room);

    if (error != ERROR_NONE) {
        refuse_for(telling, error);
    } else if (outcome != OUTCOME_DONE) {
        refuse(telling, outcome);
    } else {
        begin(telling, room);
    }
}

/* A join that is under way decides where this history ends. */
static void serve(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;
    const struct room *room = room_of(telling);
    enum error error;

    if (telling->errand.visit->caller->joins > 0) {
        enlist(telling, &hub->history.parked);
        return;
    }
    if (seat_due(telling, room) != NULL) {
        begin(telling, room);
        return;
    }
    telling->read.tell = index_told;
    error = reads_ask(hub->reads, &telling->read);
    if (error != ERROR_NONE) {
        refuse_for(telling, error);
    }
}

void history_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct telling *telling = errand_begin(visit, sizeof(*telling), command);
    struct history *history = &visit->hub->history;

    if (telling == NULL) {
        return;
    }
    telling->request = request;
    history->waiting += 1;
    meter_set(&visit->hub->meters.histories_waiting, (int64_t)history->waiting);
    if (history->waiting > HISTORIES_WAITING_MAX) {
        refuse_for(telling, ERROR_BUSY);
    } else if (!request->history.has_room) {
        count_out(telling);
        errand_refuse(&telling->errand, XCCOS_CODE_INVALID_ARGUMENT,
                      "the room is missing");
    } else {
        serve(telling);
    }
}

void history_unpark(struct sessions *hub)
{
    struct telling *telling = TAILQ_FIRST(&hub->history.parked), *next;

    for (; telling != NULL; telling = next) {
        next = TAILQ_NEXT(telling, link);
        if (telling->errand.visit->caller->joins == 0) {
            delist(telling);
            serve(telling);
        }
    }
}

void history_go_on(struct sessions *hub)
{
    struct telling *telling = TAILQ_FIRST(&hub->history.slow), *next;

    for (; telling != NULL; telling = next) {
        const struct caller *caller = telling->errand.visit->caller;

        next = TAILQ_NEXT(telling, link);
        if (!caller_is_served(caller)) {
            delist(telling);
            refuse_for(telling, ERROR_CLOSED);
        } else if (!is_slow(caller)) {
            delist(telling);
            submit(telling);
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
        delist(telling);
        submit(telling);
    }
}

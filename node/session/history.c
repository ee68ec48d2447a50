#include "node/session/history.h"

#include <inttypes.h>

#include "node/chat/access.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/telling.h"

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

static bool is_forward(const struct xccos_history_query *query)
{
    return query->after_id.set && !query->last.set &&
           query->search == XCCOS_DIRECTION_FORWARD;
}

/* The oldest to be shown: behind what the room was cleared of. */
static uint64_t first_of(const struct xccos_history_query *query,
                         uint64_t cleared_upto)
{
    uint64_t after = cleared_upto;

    if (query->after_id.set && !is_before(query) &&
        query->after_id.value < UINT64_MAX && query->after_id.value > after) {
        after = query->after_id.value;
    }
    return after + 1;
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
        telling_refuse_for(telling, ERROR_NO_MEMORY);
        return;
    }
    telling->query = (struct past_query){
        .room = view.place.number,
        .room_uri = telling->block.uri,
        .message_id_last = last_of(query, view.message_id_last),
        .message_id_first = first_of(query, view.cleared_upto),
        .wanted = wanted(telling),
        .told_index = UINT64_MAX,
        .is_forward = is_forward(query),
    };
    if (seat != NULL) {
        seat->state = SEAT_ASKED;
        seat->history_due = false;
        telling->join_index = seat->join_index;
        telling->query.message_id_last = last_of(query, seat->message_id_last);
        telling->query.told_index = told_index(telling->errand.visit->caller);
    }
    telling_read(telling);
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

static void may_read(struct recorded *recorded, enum error error)
{
    struct telling *telling =
        (struct telling *)((char *)recorded -
                           offsetof(struct telling, recorded));
    const struct room *room = room_of(telling);
    enum outcome outcome = recorded->outcome;

    if (outcome == OUTCOME_DONE) {
        outcome = judge(telling, room);
    }
    if (error != ERROR_NONE) {
        telling_refuse_for(telling, error);
    } else if (outcome != OUTCOME_DONE) {
        telling_refuse(telling, outcome);
    } else {
        begin(telling, room);
    }
}

/* What is asked, for people. */
static struct slice describe(const struct telling *telling)
{
    const struct xccos_history_query *query = &telling->request->history.query;
    struct buffer text = BUFFER_EMPTY;
    struct slice copy;

    buffer_printf(&text, "%s %u", is_forward(query) ? "oldest" : "newest",
                  wanted(telling));
    if (query->after_id.set) {
        buffer_printf(&text, " %s message %" PRIu64,
                      is_before(query) ? "before" : "after",
                      query->after_id.value);
    }
    if (seat_due(telling, room_of(telling)) != NULL) {
        buffer_append_text(&text, ", and what was missed");
    }
    copy = arena_copy_slice(telling->errand.visit->intake->arena,
                            buffer_slice(&text));
    buffer_deinit(&text);
    return copy;
}

static enum error ask(struct telling *telling)
{
    struct visit *visit = telling->errand.visit;
    const struct xccos_name *name = &telling->request->history.room;

    telling->recorded = (struct recorded){
        .tell = may_read, .caller = visit->caller, .what = describe(telling)};
    return recording_rooms(&telling->recorded, visit->intake->arena,
                           &name->guid, 1)
               ? recording_ask(&telling->recorded)
               : ERROR_NO_MEMORY;
}

/* A join that is under way decides where this history ends. */
static void serve(struct telling *telling)
{
    struct sessions *hub = telling->errand.visit->hub;
    const struct room *room = room_of(telling);
    enum error error;

    if (telling->errand.visit->caller->joins > 0) {
        telling_enlist(telling, &hub->history.parked);
        return;
    }
    if (seat_due(telling, room) != NULL && !hub_keeps_archive(hub)) {
        begin(telling, room);
        return;
    }
    error = ask(telling);
    if (error != ERROR_NONE) {
        telling_refuse_for(telling, error);
    }
}

void history_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct history *history = &visit->hub->history;
    struct telling *telling;

    if (quest_is_one(&request->history.query)) {
        quest_serve(visit, command, request);
        return;
    }
    telling = errand_begin(visit, sizeof(*telling), command);
    if (telling == NULL) {
        return;
    }
    telling->request = request;
    history->waiting += 1;
    meter_set(&visit->hub->meters.histories_waiting, (int64_t)history->waiting);
    if (history->waiting > HISTORIES_WAITING_MAX) {
        telling_refuse_for(telling, ERROR_BUSY);
    } else if (!request->history.has_room) {
        telling_end_wait(telling);
        errand_refuse(&telling->errand, XCCOS_CODE_INVALID_ARGUMENT,
                      "the room is missing");
    } else if (!hub_is_ours(visit->hub, &request->history.room)) {
        telling_refuse(telling, OUTCOME_ROOM_UNKNOWN);
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
            telling_delist(telling);
            serve(telling);
        }
    }
}

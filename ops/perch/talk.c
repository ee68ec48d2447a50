#include "ops/perch/talk.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/talk_parts.h"

static void go_on(struct talk *talk);

void talk_init(struct talk *talk, struct app *app,
               void (*told)(void *context, const struct talk_result *result),
               void *context)
{
    *talk = (struct talk){.app = app, .told = told, .context = context};
    places_init(&talk->places);
    TAILQ_INIT(&talk->queued);
    TAILQ_INIT(&talk->underway);
}

void talk_deinit(struct talk *talk)
{
    struct task *task;

    TAILQ_CONCAT(&talk->underway, &talk->queued, link);
    while ((task = TAILQ_FIRST(&talk->underway)) != NULL) {
        TAILQ_REMOVE(&talk->underway, task, link);
        task_free(task);
    }
    places_deinit(&talk->places);
}

/* A room's orders wait for each other, so that what follows a post sees it;
 * posts alone do not, for the client keeps them in order. */
static bool is_ready(const struct talk *talk, const struct task *task)
{
    const struct task *other;

    if (task->order.kind == ORDER_POST || task->order.kind == ORDER_ROOMS) {
        return true;
    }
    TAILQ_FOREACH (other, &talk->underway, link) {
        if (strcmp(other->uri, task->uri) == 0) {
            return false;
        }
    }
    return true;
}

static void set_underway(struct task *task)
{
    TAILQ_REMOVE(&task->talk->queued, task, link);
    TAILQ_INSERT_TAIL(&task->talk->underway, task, link);
}

/* The queue's first was looked up at the pool. */
static void found(struct app *app, void *context, const struct found *what)
{
    struct task *task = context;
    struct talk *talk = task->talk;
    struct talk_result result = {.result = what->result,
                                 .code = what->code,
                                 .words = slice_of_text(what->words)};

    (void)app;
    talk->finding = NULL;
    if (what->uri == NULL) {
        set_underway(task);
        task_finish(task, &result);
    } else {
        snprintf(task->uri, sizeof(task->uri), "%s", what->uri);
    }
    go_on(talk);
}

/* Find the room of the queue's first, here or at the pool. */
static void look_up(struct talk *talk, struct task *task)
{
    struct place *place = places_find(&talk->places, buffer_slice(&task->room));

    if (place != NULL) {
        snprintf(task->uri, sizeof(task->uri), "%.*s",
                 SLICE_PRINT(buffer_slice(&place->uri)));
        return;
    }
    talk->finding = task;
    app_begin_anew(talk->app);
    buffer_append(&task->room, "", 1);
    find_room(talk->app, (const char *)task->room.data, found, task);
}

static void go_on(struct talk *talk)
{
    struct task *task;

    if (talk->is_going_on) {
        return; /* The loop below sees to it. */
    }
    talk->is_going_on = true;
    while (talk->finding == NULL && !talk->app->is_ending &&
           (task = TAILQ_FIRST(&talk->queued)) != NULL) {
        if (task->order.kind != ORDER_ROOMS && task->uri[0] == '\0') {
            look_up(talk, task);
        } else if (is_ready(talk, task)) {
            set_underway(task);
            task_act(task);
        } else {
            break;
        }
    }
    talk->is_going_on = false;
}

void talk_do(struct talk *talk, const struct order *order)
{
    struct task *task = calloc(1, sizeof(*task));

    if (task == NULL) {
        app_fail(talk->app, EXIT_REFUSED, "out of memory");
        return;
    }
    task->talk = talk;
    task->order = *order;
    task->order.tag = json_incref(order->tag);
    buffer_append_slice(&task->room, order->room);
    buffer_append_slice(&task->text, order->text);
    buffer_append_slice(&task->retry_id, order->retry_id);
    talk->tasks_n++;
    TAILQ_INSERT_TAIL(&talk->queued, task, link);
    go_on(talk);
}

/* The task that waits for this; NULL: none of ours does. */
static struct task *find_token(struct talk *talk, uint64_t token)
{
    struct task *task;

    TAILQ_FOREACH (task, &talk->underway, link) {
        if (task->token == token) {
            return task;
        }
    }
    return NULL;
}

/* Rooms that are entered or left end more than one task, it may be. */
static struct task *find_uri(struct talk *talk, enum order_kind kind,
                             struct slice uri)
{
    struct task *task;

    TAILQ_FOREACH (task, &talk->underway, link) {
        if (task->order.kind == kind && slice_equal_text(uri, task->uri)) {
            return task;
        }
    }
    return NULL;
}

static void enter(struct talk *talk, const struct client_event *event)
{
    struct task *task;

    if (!places_enter(&talk->places, event->room_uri, event->room_name)) {
        app_fail(talk->app, EXIT_REFUSED, "out of memory");
    }
    while ((task = find_uri(talk, ORDER_JOIN, event->room_uri)) != NULL) {
        task_finish_done(task);
    }
}

static void leave(struct talk *talk, const struct client_event *event)
{
    struct talk_result result = {.result = CLIENT_REFUSED,
                                 .code = event->left.code,
                                 .words = event->left.sentence};
    struct task *task;

    places_leave(&talk->places, event->room_uri);
    while ((task = find_uri(talk, ORDER_JOIN, event->room_uri)) != NULL) {
        task_finish(task, &result);
    }
    while ((task = find_uri(talk, ORDER_PART, event->room_uri)) != NULL) {
        task_finish_done(task);
    }
}

static void take_posted(struct talk *talk, const struct client_event *event)
{
    struct task *task = find_token(talk, event->posted.token);
    struct talk_result result = {
        .result = event->posted.result,
        .code = (unsigned)event->posted.status,
        .words = event->posted.reason,
        .message_id = event->posted.message_id,
        .retry_id = event->posted.retry_id,
    };

    if (task != NULL) {
        task_finish(task, &result);
    }
}

static void show_page(struct talk *talk, const struct task *task,
                      const struct xccos_data *data)
{
    struct screen *screen = &talk->app->screen;

    for (const struct xccos_room *room = data->rooms; room != NULL;
         room = room->next) {
        if (task->order.kind == ORDER_ROOMS) {
            screen_room(screen, room);
            continue;
        }
        if (task->order.kind != ORDER_HISTORY) {
            continue; /* It comes as an event, as to the others. */
        }
        for (const struct xccos_message *message = room->messages;
             message != NULL; message = message->next) {
            screen_message(screen, slice_of_text(task->uri), room->name,
                           message);
        }
    }
}

static void take_reply(struct talk *talk, const struct client_event *event)
{
    struct task *task = find_token(talk, event->reply.token);
    struct talk_result result = {.result = event->reply.result,
                                 .code = event->reply.code,
                                 .words = event->reply.sentence};

    if (task != NULL) {
        show_page(talk, task, event->reply.data);
        task_finish(task, &result);
    }
}

void talk_event(struct talk *talk, const struct client_event *event)
{
    switch (event->kind) {
    case CLIENT_EVENT_JOINED:
    case CLIENT_EVENT_CHANGED:
        enter(talk, event);
        break;
    case CLIENT_EVENT_LEFT:
        leave(talk, event);
        break;
    case CLIENT_EVENT_POSTED:
        take_posted(talk, event);
        break;
    case CLIENT_EVENT_REPLY:
        take_reply(talk, event);
        break;
    default:
        break;
    }
    go_on(talk);
}

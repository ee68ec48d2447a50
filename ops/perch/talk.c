#include "ops/perch/talk.h"

#include <stdlib.h>

#include "proto/base/check.h"

/* An order under way, with copies of its texts. */
struct task {
    TAILQ_ENTRY(task) link;
    struct talk *talk;
    struct order order;
    struct buffer room, text, retry_id;
    char uri[FIND_URI_BYTES]; /* Once it was found; else empty. */
    uint64_t token;           /* Of what the client was asked; 0: nothing. */
};

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

static void free_task(struct task *task)
{
    json_decref(task->order.tag);
    buffer_deinit(&task->room);
    buffer_deinit(&task->text);
    buffer_deinit(&task->retry_id);
    free(task);
}

void talk_deinit(struct talk *talk)
{
    struct task *task;

    TAILQ_CONCAT(&talk->underway, &talk->queued, link);
    while ((task = TAILQ_FIRST(&talk->underway)) != NULL) {
        TAILQ_REMOVE(&talk->underway, task, link);
        free_task(task);
    }
    places_deinit(&talk->places);
}

/* It is in the list of those under way. */
static void finish(struct task *task, struct talk_result *result)
{
    struct talk *talk = task->talk;

    TAILQ_REMOVE(&talk->underway, task, link);
    talk->tasks_n--;
    result->kind = task->order.kind;
    result->tag = task->order.tag;
    result->room_uri = slice_of_text(task->uri);
    talk->told(talk->context, result);
    free_task(task);
}

static void finish_done(struct task *task)
{
    struct talk_result result = {.result = CLIENT_DONE, .code = 200};

    finish(task, &result);
}

static void finish_refused(struct task *task, unsigned code, const char *words)
{
    struct talk_result result = {
        .result = CLIENT_REFUSED, .code = code, .words = slice_of_text(words)};

    finish(task, &result);
}

/* What the client would not even take. */
static void finish_error(struct task *task, enum error error)
{
    if (error == ERROR_NOT_FOUND) {
        finish_refused(task, 412, "this is not one of the rooms joined");
    } else if (error == ERROR_TOO_LARGE) {
        finish_refused(task, 413, "that is too long");
    } else if (error == ERROR_INVALID) {
        finish_refused(task, 400, "it is no UTF-8, or has control characters");
    } else {
        finish_refused(task, 500, error_text(error));
    }
}

static void do_post(struct task *task)
{
    struct app *app = task->talk->app;
    struct client_post post = {
        .room_uri = slice_of_text(task->uri),
        .text = buffer_slice(&task->text),
        .is_alert = task->order.is_alert,
        .retry_id = buffer_slice(&task->retry_id),
        .within_ms = app->options->timeout_ms,
    };
    enum error error = client_post(app->client, &post, &task->token);

    if (error != ERROR_NONE) {
        finish_error(task, error);
    }
}

static void do_ask(struct task *task)
{
    struct app *app = task->talk->app;
    const struct order *order = &task->order;
    struct client_question question = {
        .kind = order->kind == ORDER_ROOMS ? CLIENT_FIND_ROOMS
                : order->has_after         ? CLIENT_AFTER
                                           : CLIENT_LAST,
        .text = buffer_slice(&task->text),
        .room_uri = slice_of_text(task->uri),
        .message_id = order->after_id,
        .most = order->most,
        .within_ms = app->options->timeout_ms,
    };
    enum error error = client_ask(app->client, &question, &task->token);

    if (error != ERROR_NONE) {
        finish_error(task, error);
    }
}

/* Already in, or on the way in: both are fine. */
static void do_join(struct task *task)
{
    struct client *client = task->talk->app->client;
    struct slice uri = slice_of_text(task->uri);
    struct client_room room;
    enum error error = client_join(client, uri, task->order.most);

    if (error == ERROR_EXISTS) {
        if (client_look(client, uri, &room) == ERROR_NONE && room.is_in) {
            finish_done(task);
        }
    } else if (error != ERROR_NONE) {
        finish_error(task, error);
    }
}

static void do_part(struct task *task)
{
    enum error error =
        client_part(task->talk->app->client, slice_of_text(task->uri));

    if (error != ERROR_NONE) {
        finish_error(task, error);
    }
}

static void do_who(struct task *task)
{
    struct app *app = task->talk->app;
    struct client_room room;

    if (client_look(app->client, slice_of_text(task->uri), &room) !=
            ERROR_NONE ||
        !room.is_in) {
        finish_error(task, ERROR_NOT_FOUND);
        return;
    }
    screen_people(&app->screen, room.uri, room.name, room.people);
    finish_done(task);
}

static void act(struct task *task)
{
    switch (task->order.kind) {
    case ORDER_POST:
        do_post(task);
        break;
    case ORDER_JOIN:
        do_join(task);
        break;
    case ORDER_PART:
        do_part(task);
        break;
    case ORDER_WHO:
        do_who(task);
        break;
    case ORDER_ROOMS:
    case ORDER_HISTORY:
        do_ask(task);
        break;
    default:
        CHECK(false); /* talk_do takes no other. */
    }
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
        finish(task, &result);
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
            act(task);
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
        finish_done(task);
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
        finish(task, &result);
    }
    while ((task = find_uri(talk, ORDER_PART, event->room_uri)) != NULL) {
        finish_done(task);
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
        finish(task, &result);
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
        finish(task, &result);
    }
}

void talk_event(struct talk *talk, const struct client_event *event)
{
    if (event->kind == CLIENT_EVENT_JOINED ||
        event->kind == CLIENT_EVENT_CHANGED) {
        enter(talk, event);
    } else if (event->kind == CLIENT_EVENT_LEFT) {
        leave(talk, event);
    } else if (event->kind == CLIENT_EVENT_POSTED) {
        take_posted(talk, event);
    } else if (event->kind == CLIENT_EVENT_REPLY) {
        take_reply(talk, event);
    }
    go_on(talk);
}

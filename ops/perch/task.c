#include <stdlib.h>

#include "ops/perch/talk_parts.h"
#include "proto/base/check.h"

void task_free(struct task *task)
{
    json_decref(task->order.tag);
    buffer_deinit(&task->room);
    buffer_deinit(&task->text);
    buffer_deinit(&task->retry_id);
    free(task);
}

void task_finish(struct task *task, struct talk_result *result)
{
    struct talk *talk = task->talk;

    TAILQ_REMOVE(&talk->underway, task, link);
    talk->tasks_n--;
    result->kind = task->order.kind;
    result->tag = task->order.tag;
    result->room_uri = slice_of_text(task->uri);
    talk->told(talk->context, result);
    task_free(task);
}

void task_finish_done(struct task *task)
{
    struct talk_result result = {.result = CLIENT_DONE, .code = 200};

    task_finish(task, &result);
}

static void finish_refused(struct task *task, unsigned code, const char *words)
{
    struct talk_result result = {
        .result = CLIENT_REFUSED, .code = code, .words = slice_of_text(words)};

    task_finish(task, &result);
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
        .is_story = task->order.is_story,
        .retry_id = buffer_slice(&task->retry_id),
        .within_ms = app->options->timeout_ms,
    };
    enum error error = client_post(app->client, &post, &task->token);

    if (error != ERROR_NONE) {
        finish_error(task, error);
    }
}

static enum client_question_kind question_of(const struct order *order)
{
    switch (order->kind) {
    case ORDER_ROOMS:
        return CLIENT_FIND_ROOMS;
    case ORDER_CORRECT:
        return CLIENT_CORRECT;
    case ORDER_WITHDRAW:
        return CLIENT_WITHDRAW;
    default:
        return order->has_after ? CLIENT_AFTER : CLIENT_LAST;
    }
}

static void do_ask(struct task *task)
{
    struct app *app = task->talk->app;
    const struct order *order = &task->order;
    struct client_question question = {
        .kind = question_of(order),
        .text = buffer_slice(&task->text),
        .room_uri = slice_of_text(task->uri),
        .message_id =
            order->message_id != 0 ? order->message_id : order->after_id,
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
            task_finish_done(task);
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
    task_finish_done(task);
}

void task_act(struct task *task)
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
    case ORDER_CORRECT:
    case ORDER_WITHDRAW:
        do_ask(task);
        break;
    default:
        CHECK(false); /* talk_do takes no other. */
    }
}

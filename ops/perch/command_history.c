/* perch history: what was said in a room, page by page. */
#include <stdlib.h>

#include "ops/client/pager.h"
#include "ops/perch/app.h"

struct reading {
    char uri[FIND_URI_BYTES];
    uint64_t token;
    bool is_newest; /* What was asked for is the newest message, to count
                       back from. */
    bool is_last;   /* It is the newest so many, in one page. */
    struct pager pager;
};

static void ask(struct app *app, const struct client_question *question)
{
    struct reading *reading = app->state;

    if (client_ask(app->client, question, &reading->token) != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "that history cannot be asked for");
    }
}

static void ask_last(struct app *app, uint32_t most)
{
    struct reading *reading = app->state;
    struct client_question question = {
        .kind = CLIENT_LAST,
        .room_uri = slice_of_text(reading->uri),
        .most = most,
        .within_ms = app_left_ms(app),
    };

    ask(app, &question);
}

/* Each page may take the whole time again. */
static void ask_page(struct app *app)
{
    struct reading *reading = app->state;
    struct client_question question = {
        .room_uri = slice_of_text(reading->uri),
        .within_ms = app->options->timeout_ms,
    };

    pager_ask(&reading->pager, &question);
    ask(app, &question);
}

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    const struct options *options = app->options;
    struct reading *reading = app->state;

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    snprintf(reading->uri, sizeof(reading->uri), "%s", found->uri);
    reading->is_last = !options->has_after && !options->wants_all &&
                       options->last <= CLIENT_HISTORY_MAX;
    reading->is_newest =
        !options->has_after && !options->wants_all && !reading->is_last;
    if (reading->is_last && options->last == 0) {
        app_end(app, EXIT_DONE);
    } else if (reading->is_last) {
        ask_last(app, (uint32_t)options->last);
    } else if (reading->is_newest) {
        ask_last(app, 1);
    } else {
        pager_begin(&reading->pager, options->after_id, UINT64_MAX);
        ask_page(app);
    }
}

static void history_begin(struct app *app)
{
    app->state = calloc(1, sizeof(struct reading));
    if (app->state == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    find_room(app, app->options->words[0], found_room, NULL);
}

/* The newest message is known: count back from it. */
static void count_back(struct app *app, const struct xccos_room *room)
{
    struct reading *reading = app->state;
    uint64_t last = app->options->last, newest;

    reading->is_newest = false;
    if (room == NULL || room->messages == NULL) {
        app_end(app, EXIT_DONE);
        return;
    }
    newest = room->messages->message_id.value;
    pager_begin(&reading->pager, newest > last ? newest - last : 0, last);
    ask_page(app);
}

static void take_page(struct app *app, const struct xccos_data *data)
{
    struct reading *reading = app->state;
    const struct xccos_room *room = data->rooms;

    if (reading->is_newest) {
        count_back(app, room);
        return;
    }
    for (const struct xccos_message *message = room == NULL ? NULL
                                                            : room->messages;
         message != NULL; message = message->next) {
        screen_message(&app->screen, slice_of_text(reading->uri), room->name,
                       message);
    }
    if (!reading->is_last && pager_take(&reading->pager, data)) {
        app_wait_no_more(app);
        ask_page(app);
    } else {
        app_end(app, EXIT_DONE);
    }
}

static void history_event(struct app *app, const struct client_event *event)
{
    struct reading *reading = app->state;

    if (event->kind != CLIENT_EVENT_REPLY ||
        event->reply.token != reading->token) {
        return;
    }
    if (event->reply.result == CLIENT_DONE) {
        take_page(app, event->reply.data);
    } else {
        app_fail_result(app, event->reply.result, event->reply.code,
                        event->reply.sentence);
    }
}

static void history_end(struct app *app)
{
    free(app->state);
}

const struct command command_history = {
    .name = "history",
    .usage = "ROOM",
    .help = "print what was said in a room",
    .words_min = 1,
    .words_max = 1,
    .begin = history_begin,
    .event = history_event,
    .end = history_end,
};

/* news: what is unread, and word of what is new. read: up to here it is read.
 */
#include <stdlib.h>

#include "ops/perch/app.h"
#include "ops/perch/events_json.h"
#include "ops/perch/news_show.h"

static bool ask(struct app *app, const struct client_question *question)
{
    uint64_t token;

    if (client_ask(app->client, question, &token) == ERROR_NONE) {
        return true;
    }
    app_fail(app, EXIT_REFUSED, "that cannot be asked");
    return false;
}

static void news_found(struct app *app, void *context,
                       const struct found *found)
{
    struct client_question question = {.kind = CLIENT_NEWS,
                                       .within_ms = app_left_ms(app)};

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    question.room_uri = slice_of_text(found->uri);
    (void)ask(app, &question);
}

static void news_begin(struct app *app)
{
    struct client_question question = {.kind = CLIENT_NEWS,
                                       .within_ms = app_left_ms(app)};

    if (app->options->words_n > 0) {
        find_room(app, app->options->words[0], news_found, NULL);
    } else {
        (void)ask(app, &question);
    }
}

static void news_told(struct app *app, const struct client_event *event)
{
    const struct xccos_data *data = event->reply.data;

    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    for (const struct xccos_room *room = data->rooms; room != NULL;
         room = room->next) {
        show_news(&app->screen, room);
    }
    if (data->failures != NULL) {
        app_fail(app, EXIT_REFUSED, "there is no news of that room for you");
    } else if (app->options->is_watching) {
        app_wait_no_more(app);
    } else {
        app_end(app, EXIT_DONE);
    }
}

static void news_event(struct app *app, const struct client_event *event)
{
    if (event->kind == CLIENT_EVENT_REPLY) {
        news_told(app, event);
    } else if (app->options->is_watching) {
        show_fresh(&app->screen, event);
    }
}

const struct command command_news = {
    .name = "news",
    .usage = "[ROOM]",
    .help = "what is unread: of followed rooms, or of one",
    .words_max = 1,
    .goes_on = true,
    .begin = news_begin,
    .event = news_event,
};

/* read */

static void read_found(struct app *app, void *context,
                       const struct found *found)
{
    const struct options *options = app->options;
    struct client_question question = {.kind = CLIENT_MARK_READ,
                                       .is_back = options->is_back,
                                       .within_ms = app_left_ms(app)};

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    question.room_uri = slice_of_text(found->uri);
    if (options->words_n > 1) {
        question.message_id = strtoull(options->words[1], NULL, 10);
    }
    (void)ask(app, &question);
}

static bool is_id(const char *text)
{
    char *end;

    strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static void read_begin(struct app *app)
{
    const struct options *options = app->options;

    if (options->words_n > 1 && !is_id(options->words[1])) {
        app_fail(app, EXIT_USAGE, "%s is no message id", options->words[1]);
    } else if (options->words_n == 1 && options->is_back) {
        app_fail(app, EXIT_USAGE, "--back goes with a message id");
    } else {
        find_room(app, options->words[0], read_found, NULL);
    }
}

static void read_event(struct app *app, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    if (event->reply.data->rooms != NULL) {
        show_news(&app->screen, event->reply.data->rooms);
    }
    app_end(app, EXIT_DONE);
}

const struct command command_read = {
    .name = "read",
    .usage = "ROOM [ID]",
    .help = "mark a room as read, to its end or to a message",
    .words_min = 1,
    .words_max = 2,
    .begin = read_begin,
    .event = read_event,
};

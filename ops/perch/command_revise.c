/* perch correct and perch withdraw: what one has said oneself. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/app.h"
#include "ops/perch/events_json.h"

struct revising {
    enum client_question_kind kind;
    char uri[FIND_URI_BYTES];
    uint64_t message_id;
    char *text; /* The new one, or why. */
};

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    struct revising *revising = app->state;

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    snprintf(revising->uri, sizeof(revising->uri), "%s", found->uri);
    if (client_join(app->client, slice_of_text(revising->uri), 0) !=
        ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "that room cannot be joined");
    }
}

static bool read_id(const char *word, uint64_t *id_out)
{
    char *end;

    *id_out = strtoull(word, &end, 10);
    return word[0] >= '0' && word[0] <= '9' && *end == '\0' && *id_out > 0;
}

static void begin(struct app *app, enum client_question_kind kind)
{
    struct revising *revising = calloc(1, sizeof(*revising));

    app->state = revising;
    if (revising == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    revising->kind = kind;
    revising->text = app_words(app, 2);
    if (!read_id(app->options->words[1], &revising->message_id)) {
        app_fail(app, EXIT_USAGE,
                 "which message? its number in the room, such "
                 "as history shows it");
    } else if (kind == CLIENT_CORRECT &&
               (revising->text == NULL || revising->text[0] == '\0')) {
        app_fail(app, EXIT_USAGE, "what is it to say instead?");
    } else {
        find_room(app, app->options->words[0], found_room, NULL);
    }
}

static void correct_begin(struct app *app)
{
    begin(app, CLIENT_CORRECT);
}

static void withdraw_begin(struct app *app)
{
    begin(app, CLIENT_WITHDRAW);
}

/* In the room: now it may be asked. */
static void ask(struct app *app)
{
    const struct revising *revising = app->state;
    struct client_question question = {
        .kind = revising->kind,
        .room_uri = slice_of_text(revising->uri),
        .message_id = revising->message_id,
        .text = slice_of_text(revising->text),
        .within_ms = app_left_ms(app),
    };
    uint64_t token;
    enum error error = client_ask(app->client, &question, &token);

    if (error == ERROR_TOO_LARGE) {
        app_fail(app, EXIT_REFUSED, "a message has at most %d bytes",
                 CLIENT_TEXT_BYTES_MAX);
    } else if (error != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED,
                 "that text cannot be sent: it is no UTF-8, "
                 "or has control characters");
    }
}

static void say_done(struct app *app)
{
    const struct revising *revising = app->state;
    const char *what =
        revising->kind == CLIENT_CORRECT ? "corrected" : "withdrawn";

    if (app->screen.is_json) {
        screen_json(&app->screen, json_revised(slice_of_text(revising->uri),
                                               revising->message_id, what));
    } else if (!app->screen.is_quiet) {
        screen_line(&app->screen, "%s #%" PRIu64, what, revising->message_id);
    }
}

static void event(struct app *app, const struct client_event *event)
{
    if (event->kind == CLIENT_EVENT_JOINED && !event->joined.is_again) {
        ask(app);
    } else if (event->kind == CLIENT_EVENT_LEFT) {
        app_fail_result(app, CLIENT_REFUSED, event->left.code,
                        event->left.sentence);
    } else if (event->kind == CLIENT_EVENT_REPLY) {
        app_fail_result(app, event->reply.result, event->reply.code,
                        event->reply.sentence);
        if (event->reply.result == CLIENT_DONE) {
            say_done(app);
            app_end(app, EXIT_DONE);
        }
    }
}

static void end(struct app *app)
{
    struct revising *revising = app->state;

    if (revising != NULL) {
        free(revising->text);
    }
    free(revising);
}

const struct command command_correct = {
    .name = "correct",
    .usage = "ROOM ID TEXT ...",
    .help = "put another text in the place of one's message",
    .words_min = 3,
    .words_max = 4096,
    .begin = correct_begin,
    .event = event,
    .end = end,
};

const struct command command_withdraw = {
    .name = "withdraw",
    .usage = "ROOM ID [REASON]",
    .help = "take one's message back",
    .words_min = 2,
    .words_max = 64,
    .begin = withdraw_begin,
    .event = event,
    .end = end,
};

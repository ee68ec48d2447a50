/* perch post: one message from the command line or standard input, or, with
 * --lines, each line as one. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/perch/app.h"
#include "ops/perch/events_json.h"

enum { UNDERWAY_MAX = 64 }; /* Lines posted and not answered. */

struct posting {
    char uri[FIND_URI_BYTES];
    struct buffer text; /* The one message; empty with --lines. */
    unsigned underway;
    bool is_all; /* No more will come. */
};

static void post(struct app *app, struct slice text)
{
    const struct options *options = app->options;
    struct posting *posting = app->state;
    struct client_post post = {
        .room_uri = slice_of_text(posting->uri),
        .text = text,
        .is_alert = options->is_alert,
        .is_story = options->is_story,
        .retry_id = slice_of_text(options->retry_id),
        .within_ms =
            options->has_lines ? options->timeout_ms : app_left_ms(app),
    };
    uint64_t token;
    enum error error = client_post(app->client, &post, &token);

    if (error == ERROR_TOO_LARGE) {
        app_fail(app, EXIT_REFUSED, "a message has at most %d bytes",
                 CLIENT_TEXT_BYTES_MAX);
    } else if (error == ERROR_INVALID && options->retry_id != NULL) {
        app_fail(app, EXIT_REFUSED,
                 "the text or the retry id has characters "
                 "that no room takes");
    } else if (error != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "that text cannot be posted: %s",
                 error == ERROR_INVALID
                     ? "it is no UTF-8, or has control characters"
                     : error_text(error));
    } else {
        posting->underway++;
    }
}

static void on_line(void *context, struct slice line)
{
    struct app *app = context;
    const struct posting *posting = app->state;

    if (line.len > 0 && !app->is_ending) {
        post(app, line);
        input_pause(&app->input, posting->underway >= UNDERWAY_MAX);
    }
}

static void on_end(void *context, bool is_long)
{
    struct app *app = context;
    struct posting *posting = app->state;

    posting->is_all = true;
    if (is_long) {
        app_fail(app, EXIT_REFUSED, "a line is too long");
    } else if (posting->underway == 0) {
        app_end(app, EXIT_DONE);
    }
}

/* Before the sign-in: whoever waits for his own program waits here. */
static bool read_all(struct app *app, struct buffer *text)
{
    ssize_t got = 1;

    while (got > 0 && text->len <= CLIENT_TEXT_BYTES_MAX) {
        uint8_t *to = buffer_reserve(text, 4096);

        got = to == NULL ? -1 : read(STDIN_FILENO, to, 4096);
        text->len += got > 0 ? (size_t)got : 0;
    }
    while (text->len > 0 && text->data[text->len - 1] == '\n') {
        text->len--;
    }
    if (got < 0 || text->len == 0) {
        app_fail(app, EXIT_USAGE, "there is nothing to post");
        return false;
    }
    app_begin_anew(app);
    return true;
}

static bool take_text(struct app *app, struct buffer *text)
{
    char *words;

    if (app->options->has_lines) {
        return true;
    }
    if (app->options->words_n == 1) {
        return read_all(app, text);
    }
    words = app_words(app, 1);
    buffer_append_text(text, words == NULL ? "" : words);
    free(words);
    if (text->len == 0) {
        app_fail(app, EXIT_USAGE, "there is nothing to post");
    }
    return text->len > 0;
}

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    struct posting *posting = app->state;

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    snprintf(posting->uri, sizeof(posting->uri), "%s", found->uri);
    if (client_join(app->client, slice_of_text(posting->uri), 0) !=
        ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "that room cannot be joined");
    } else if (!app->options->has_lines) {
        posting->is_all = true;
        post(app, buffer_slice(&posting->text));
    }
}

static void post_begin(struct app *app)
{
    struct posting *posting = calloc(1, sizeof(*posting));

    app->state = posting;
    if (posting == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    app->input.line = on_line;
    app->input.end = on_end;
    app->input.context = app;
    if (app->options->has_lines && app->options->words_n > 1) {
        app_fail(app, EXIT_USAGE,
                 "--lines reads standard input: no text can "
                 "stand on the command line");
    } else if (app->options->has_lines && app->options->retry_id != NULL) {
        app_fail(app, EXIT_USAGE,
                 "--retry-id is for one message, not for "
                 "--lines");
    } else if (take_text(app, &posting->text)) {
        find_room(app, app->options->words[0], found_room, NULL);
    }
}

static void posted(struct app *app, const struct client_event *event)
{
    struct posting *posting = app->state;

    posting->underway--;
    if (app->screen.is_json) {
        screen_json(&app->screen, json_event(event));
    } else if (event->posted.result == CLIENT_DONE && !app->screen.is_quiet) {
        if (event->posted.message_id != 0) {
            screen_line(&app->screen, "posted #%" PRIu64,
                        event->posted.message_id);
        } else {
            screen_line(&app->screen, "posted");
        }
    }
    app_fail_result(app, event->posted.result, (unsigned)event->posted.status,
                    event->posted.reason);
    if (posting->is_all && posting->underway == 0) {
        app_end(app, EXIT_DONE);
    }
    input_pause(&app->input, posting->underway >= UNDERWAY_MAX);
}

static void post_event(struct app *app, const struct client_event *event)
{
    if (event->kind == CLIENT_EVENT_POSTED) {
        posted(app, event);
    } else if (event->kind == CLIENT_EVENT_LEFT) {
        app_fail_result(app, CLIENT_REFUSED, event->left.code,
                        event->left.sentence);
    } else if (event->kind == CLIENT_EVENT_JOINED && app->options->has_lines &&
               !app->input.is_open) {
        app_wait_no_more(app);
        input_open(&app->input, app->loop);
    }
}

static void post_end(struct app *app)
{
    struct posting *posting = app->state;

    if (posting != NULL) {
        buffer_deinit(&posting->text);
    }
    free(posting);
}

const struct command command_post = {
    .name = "post",
    .usage = "ROOM [TEXT ...]",
    .help = "post a message: the text, or standard input",
    .words_min = 1,
    .words_max = 4096,
    .begin = post_begin,
    .event = post_event,
    .end = post_end,
};

/* perch follow: what is said in rooms, as it is said, through reconnects,
 * without gap or repeat. */
#include <stdlib.h>

#include "ops/perch/app.h"

struct following {
    bool is_all;   /* Whatever the user follows, as that changes. */
    size_t joined; /* Rooms that were, at least once. */
    size_t left;
    uint64_t shown;
};

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    const struct options *options = app->options;
    uint32_t history_n = options->has_last ? (uint32_t)options->last : 0;
    enum error error;

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    error = client_join(app->client, slice_of_text(found->uri), history_n);
    if (error != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "%s cannot be joined: %s", found->uri,
                 error == ERROR_EXISTS ? "it was named twice"
                                       : error_text(error));
    }
}

static void follow_begin(struct app *app)
{
    app->state = calloc(1, sizeof(struct following));
    app->screen.shows_room = app->options->words_n > 1;
    if (app->state == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
    } else if (app->options->last > CLIENT_HISTORY_MAX) {
        app_fail(app, EXIT_USAGE,
                 "--last can be %d at most here; "
                 "\"perch history\" has more",
                 CLIENT_HISTORY_MAX);
    }
    if (app->options->words_n == 0 && !app->is_ending) {
        ((struct following *)app->state)->is_all = true;
        app->screen.shows_room = true;
        (void)client_watch_followed(app->client);
    }
    for (size_t i = 0; i < app->options->words_n && !app->is_ending; i++) {
        find_room(app, app->options->words[i], found_room, NULL);
    }
}

static void left(struct app *app, const struct client_event *event)
{
    struct following *following = app->state;

    following->left++;
    if (following->is_all) {
        return; /* Others stay, and more may come. */
    }
    if (event->left.why == CLIENT_LEFT_REFUSED) {
        app_fail_result(app, CLIENT_REFUSED, event->left.code,
                        event->left.sentence);
    } else if (following->left == app->options->words_n) {
        app_fail(app, EXIT_REFUSED, "no room is left to follow");
    }
}

/* The rooms that are followed, at first and whenever they are others: those
 * that are new are joined, in one command. */
static void followed(struct app *app, const struct client_event *event)
{
    const struct options *options = app->options;
    const struct following *following = app->state;

    if (!following->is_all) {
        return;
    }
    app_wait_no_more(app);
    if (event->followed.code != 0) {
        app_fail_result(app, CLIENT_REFUSED, event->followed.code,
                        event->followed.sentence);
    } else if (client_join_followed(app->client, options->has_last
                                                     ? (uint32_t)options->last
                                                     : 0) != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "not all followed rooms can be joined");
    }
}

static void follow_event(struct app *app, const struct client_event *event)
{
    struct following *following = app->state;

    if (event->kind == CLIENT_EVENT_POSTED ||
        event->kind == CLIENT_EVENT_REPLY) {
        return;
    }
    if (event->kind == CLIENT_EVENT_FOLLOWED) {
        followed(app, event);
        return;
    }
    screen_event(&app->screen, event);
    if (event->kind == CLIENT_EVENT_LEFT) {
        left(app, event);
    } else if (event->kind == CLIENT_EVENT_JOINED && !event->joined.is_again &&
               ++following->joined == app->options->words_n) {
        app_wait_no_more(app);
    } else if (event->kind == CLIENT_EVENT_MESSAGE &&
               ++following->shown == app->options->count) {
        app_end(app, EXIT_DONE);
    }
}

static void follow_end(struct app *app)
{
    free(app->state);
}

const struct command command_follow = {
    .name = "follow",
    .usage = "[ROOM ...]",
    .help = "print what is said as it is said; in all one follows",
    .words_max = 64,
    .goes_on = true,
    .begin = follow_begin,
    .event = follow_event,
    .end = follow_end,
};

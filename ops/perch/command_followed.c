/* followed: the rooms that are followed on every device, and more of them.
 * unfollow: fewer. */
#include <stdlib.h>

#include "ops/perch/app.h"
#include "ops/perch/news_show.h"

struct following {
    size_t sought; /* Rooms still to be looked up. */
    bool follows;
};

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    struct following *following = app->state;
    const char *name = context;
    enum error error;

    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    following->sought -= 1;
    error = client_follow(app->client, slice_of_text(found->uri),
                          slice_of_text(name), following->follows);
    if (error != ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "%s: %s", name, error_text(error));
    }
}

static void begin(struct app *app, bool follows)
{
    const struct options *options = app->options;
    struct following *following = calloc(1, sizeof(*following));

    app->state = following;
    if (following == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    following->follows = follows;
    following->sought = options->words_n;
    if (options->words_n == 0) {
        (void)client_watch_followed(app->client);
    }
    for (size_t i = 0; i < options->words_n && !app->is_ending; i++) {
        find_room(app, options->words[i], found_room, options->words[i]);
    }
}

static void followed_begin(struct app *app)
{
    begin(app, true);
}

static void unfollow_begin(struct app *app)
{
    begin(app, false);
}

static void event(struct app *app, const struct client_event *event)
{
    const struct following *following = app->state;

    if (event->kind != CLIENT_EVENT_FOLLOWED) {
        return;
    }
    if (event->followed.code != 0) {
        app_fail_result(app, CLIENT_REFUSED, event->followed.code,
                        event->followed.sentence);
    } else if (event->followed.waiting == 0 && following->sought == 0) {
        show_followed(&app->screen, event->followed.rooms);
        app_end(app, EXIT_DONE);
    }
}

static void end(struct app *app)
{
    free(app->state);
}

const struct command command_followed = {
    .name = "followed",
    .usage = "[ROOM ...]",
    .help = "follow rooms, on every device; list what is followed",
    .words_max = CLIENT_FOLLOWS_MAX,
    .begin = followed_begin,
    .event = event,
    .end = end,
};

const struct command command_unfollow = {
    .name = "unfollow",
    .usage = "ROOM ...",
    .help = "follow rooms no longer; list what is left",
    .words_min = 1,
    .words_max = CLIENT_FOLLOWS_MAX,
    .begin = unfollow_begin,
    .event = event,
    .end = end,
};

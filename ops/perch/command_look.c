/* Commands that look and change nothing: check, rooms, who. */
#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/app.h"
#include "ops/perch/events_json.h"

/* check: sign in, say so, sign out. */

static void check_begin(struct app *app)
{
    (void)app;
}

static void check_event(struct app *app, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_STATE ||
        event->state.state != CLIENT_ONLINE) {
        return;
    }
    if (app->screen.is_json) {
        screen_json(&app->screen, json_event(event));
    } else {
        screen_line(&app->screen, "signed in at %s as %s", event->state.server,
                    app->options->user);
    }
    app_end(app, EXIT_DONE);
}

const struct command command_check = {
    .name = "check",
    .usage = "",
    .help = "sign in and out: are server, name and password right?",
    .begin = check_begin,
    .event = check_event,
};

/* rooms: ask, and list. */

static void rooms_begin(struct app *app)
{
    const struct options *options = app->options;
    char *text = app_words(app, 0);
    struct client_question question = {
        .kind = options->is_mine      ? CLIENT_MY_ROOMS
                : options->is_managed ? CLIENT_MANAGED_ROOMS
                                      : CLIENT_FIND_ROOMS,
        .text = slice_of_text(text),
        .within_ms = app_left_ms(app),
    };
    uint64_t token;

    if (text == NULL ||
        client_ask(app->client, &question, &token) != ERROR_NONE) {
        app_fail(app, EXIT_USAGE, "that cannot be searched for");
    }
    free(text);
}

static void rooms_event(struct app *app, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    for (const struct xccos_room *room = event->reply.data->rooms; room != NULL;
         room = room->next) {
        screen_room(&app->screen, room);
    }
    app_end(app, EXIT_DONE);
}

const struct command command_rooms = {
    .name = "rooms",
    .usage = "[TEXT ...]",
    .help = "list rooms, those with the text in the name",
    .words_max = 64,
    .begin = rooms_begin,
    .event = rooms_event,
};

/* who: enter a room and see who is in it. */

static void who_found(struct app *app, void *context, const struct found *found)
{
    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
    } else if (client_join(app->client, slice_of_text(found->uri), 0) !=
               ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "that room cannot be joined");
    }
}

static void who_begin(struct app *app)
{
    find_room(app, app->options->words[0], who_found, NULL);
}

static void who_event(struct app *app, const struct client_event *event)
{
    if (event->kind == CLIENT_EVENT_JOINED) {
        screen_people(&app->screen, event->room_uri, event->room_name,
                      event->joined.people);
        app_end(app, EXIT_DONE);
    } else if (event->kind == CLIENT_EVENT_LEFT) {
        app_fail_result(app, CLIENT_REFUSED, event->left.code,
                        event->left.sentence);
    }
}

const struct command command_who = {
    .name = "who",
    .usage = "ROOM",
    .help = "enter a room and list who is in it",
    .words_min = 1,
    .words_max = 1,
    .begin = who_begin,
    .event = who_event,
};

/* invitations: rooms one was invited to and was not told of yet. */

static void ask(struct app *app, enum client_question_kind kind, char *text)
{
    struct client_question question = {
        .kind = kind,
        .text = slice_of_text(text),
        .within_ms = app_left_ms(app),
    };
    uint64_t token;

    if (text == NULL ||
        client_ask(app->client, &question, &token) != ERROR_NONE) {
        app_fail(app, EXIT_USAGE, "that cannot be asked");
    }
    free(text);
}

static void invitations_begin(struct app *app)
{
    ask(app, CLIENT_INVITATIONS, app_words(app, 0));
}

static void invitations_event(struct app *app, const struct client_event *event)
{
    const struct xccos_invitation *invitation;

    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    for (invitation = event->reply.data->invitations; invitation != NULL;
         invitation = invitation->next) {
        screen_invitation(&app->screen, invitation);
    }
    app_end(app, EXIT_DONE);
}

const struct command command_invitations = {
    .name = "invitations",
    .usage = "",
    .help = "list rooms you were invited to, once",
    .begin = invitations_begin,
    .event = invitations_event,
};

/* people: who may be given a role. */

static void people_begin(struct app *app)
{
    ask(app, CLIENT_FIND_PEOPLE, app_words(app, 0));
}

static void people_event(struct app *app, const struct client_event *event)
{
    const struct xccos_user *user;

    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    for (user = event->reply.data->users; user != NULL; user = user->next) {
        screen_person(&app->screen, user);
    }
    app_end(app, EXIT_DONE);
}

const struct command command_people = {
    .name = "people",
    .usage = "[TEXT ...]",
    .help = "list users and groups, those with the text in name or URI",
    .words_max = 64,
    .begin = people_begin,
    .event = people_event,
};

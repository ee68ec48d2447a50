#include "ops/perch/find.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/app.h"
#include "proto/xccos/names.h"

struct finding {
    LIST_ENTRY(finding) link;
    uint64_t token;
    void (*found)(struct app *app, void *context, const struct found *found);
    void *context;
    char name[];
};

void find_init(struct finder *finder)
{
    LIST_INIT(&finder->findings);
}

void find_deinit(struct finder *finder)
{
    struct finding *finding;

    while ((finding = LIST_FIRST(&finder->findings)) != NULL) {
        LIST_REMOVE(finding, link);
        free(finding);
    }
}

static void tell_failed(struct app *app, const struct finding *finding,
                        unsigned code, const char *words)
{
    struct found found = {
        .result = CLIENT_REFUSED, .code = code, .words = words};

    finding->found(app, finding->context, &found);
}

static bool ask(struct app *app, struct finding *finding)
{
    struct client_question question = {
        .kind = CLIENT_FIND_ROOMS,
        .text = slice_of_text(finding->name),
        .is_exact = true,
        .within_ms = app_left_ms(app),
    };

    return client_ask(app->client, &question, &finding->token) == ERROR_NONE;
}

void find_room(struct app *app, const char *name,
               void (*found)(struct app *app, void *context,
                             const struct found *found),
               void *context)
{
    size_t len = strlen(name);
    struct finding *finding = malloc(sizeof(*finding) + len + 1);
    struct found is_uri = {.uri = name, .result = CLIENT_DONE};
    struct xccos_name uri;

    if (xccos_room_uri_read(slice_of_text(name), &uri) == ERROR_NONE) {
        free(finding);
        found(app, context, &is_uri);
        return;
    }
    if (finding == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    memcpy(finding->name, name, len + 1);
    finding->found = found;
    finding->context = context;
    if (!ask(app, finding)) {
        tell_failed(app, finding, 400, "that cannot be a room's name");
        free(finding);
        return;
    }
    LIST_INSERT_HEAD(&app->finder.findings, finding, link);
}

/* The one room of this name; NULL and how many there are. */
static const struct xccos_room *choose(const struct xccos_data *data,
                                       const char *name, size_t *n_out)
{
    const struct xccos_room *alike = NULL, *same = NULL;
    size_t n_alike = 0, n_same = 0;

    for (const struct xccos_room *room = data->rooms; room != NULL;
         room = room->next) {
        if (slice_equal_text(room->name, name)) {
            same = room;
            n_same++;
        } else if (slice_equal_nocase(room->name, slice_of_text(name))) {
            alike = room;
            n_alike++;
        }
    }
    *n_out = n_same > 0 ? n_same : n_alike;
    if (n_same > 0) {
        return n_same == 1 ? same : NULL;
    }
    return n_alike == 1 ? alike : NULL;
}

static void take_rooms(struct app *app, const struct finding *finding,
                       const struct xccos_data *data)
{
    struct found found = {.result = CLIENT_DONE};
    char uri[FIND_URI_BYTES];
    size_t n;
    const struct xccos_room *room = choose(data, finding->name, &n);

    if (room == NULL) {
        tell_failed(app, finding, n == 0 ? 404 : 409,
                    n == 0 ? "there is no such room, or it is not for you"
                           : "several rooms have that name; use a URI "
                             "(perch rooms shows them)");
        return;
    }
    snprintf(uri, sizeof(uri), "%.*s", SLICE_PRINT(room->uri));
    found.uri = uri;
    finding->found(app, finding->context, &found);
}

bool find_event(struct app *app, const struct client_event *event)
{
    struct finding *finding;
    struct found found = {0};
    char words[256];

    if (event->kind != CLIENT_EVENT_REPLY) {
        return false;
    }
    LIST_FOREACH (finding, &app->finder.findings, link) {
        if (finding->token == event->reply.token) {
            break;
        }
    }
    if (finding == NULL) {
        return false;
    }
    LIST_REMOVE(finding, link);
    if (event->reply.result == CLIENT_DONE) {
        take_rooms(app, finding, event->reply.data);
    } else {
        snprintf(words, sizeof(words), "%.*s",
                 SLICE_PRINT(event->reply.sentence));
        found.result = event->reply.result;
        found.code = event->reply.code;
        found.words = words;
        finding->found(app, finding->context, &found);
    }
    free(finding);
    return true;
}

/* perch search: what was said, in one's rooms, by words, author and time. */
#include <stdlib.h>

#include "ops/perch/app.h"

enum { AUTHOR_BYTES = 512 };

struct seeking {
    char rooms[CLIENT_SEARCH_ROOMS_MAX][FIND_URI_BYTES];
    size_t rooms_n; /* Found so far. */
    char authors[CLIENT_SEARCH_AUTHORS_MAX][AUTHOR_BYTES];
    char *text;
};

/* A message and where it was said. */
struct said {
    const struct xccos_room *room;
    const struct xccos_message *message;
};

static void ask(struct app *app)
{
    const struct options *options = app->options;
    const struct options_search *wanted = &options->search;
    struct seeking *seeking = app->state;
    const char *rooms[CLIENT_SEARCH_ROOMS_MAX];
    const char *authors[CLIENT_SEARCH_AUTHORS_MAX];
    const struct client_search search = {
        .text = slice_of_text(seeking->text),
        .is_exact = wanted->is_exact,
        .match_case = wanted->match_case,
        .rooms = rooms,
        .rooms_n = seeking->rooms_n,
        .authors = authors,
        .authors_n = wanted->authors_n,
        .has_from = wanted->has_from,
        .has_to = wanted->has_to,
        .from_us = wanted->from_us,
        .to_us = wanted->to_us,
        .oldest_first = wanted->oldest_first,
    };
    struct client_question question = {
        .kind = CLIENT_SEARCH,
        .search = &search,
        .most = (uint32_t)options->last,
        .within_ms = app_left_ms(app),
    };
    uint64_t token;

    for (size_t i = 0; i < seeking->rooms_n; i++) {
        rooms[i] = seeking->rooms[i];
    }
    for (size_t i = 0; i < wanted->authors_n; i++) {
        authors[i] = seeking->authors[i];
    }
    if (client_ask(app->client, &question, &token) != ERROR_NONE) {
        app_fail(app, EXIT_USAGE, "that cannot be searched for");
    }
}

static void find_next(struct app *app);

static void found_room(struct app *app, void *context,
                       const struct found *found)
{
    struct seeking *seeking = app->state;

    (void)context;
    if (found->uri == NULL) {
        app_fail_result(app, found->result, found->code,
                        slice_of_text(found->words));
        return;
    }
    snprintf(seeking->rooms[seeking->rooms_n++], FIND_URI_BYTES, "%s",
             found->uri);
    find_next(app);
}

/* Rooms have names for people; the pool wants to know them by URI. */
static void find_next(struct app *app)
{
    const struct options_search *wanted = &app->options->search;
    struct seeking *seeking = app->state;

    if (seeking->rooms_n < wanted->rooms_n) {
        find_room(app, wanted->rooms[seeking->rooms_n], found_room, NULL);
    } else {
        ask(app);
    }
}

static void take_authors(struct app *app)
{
    const struct options_search *wanted = &app->options->search;
    struct seeking *seeking = app->state;

    for (size_t i = 0; i < wanted->authors_n; i++) {
        const char *author = wanted->authors[i];
        bool is_uri = strncmp(author, "sip:", 4) == 0;

        snprintf(seeking->authors[i], AUTHOR_BYTES, "%s%s",
                 is_uri ? "" : "sip:", author);
    }
}

static bool says_enough(const struct options *options)
{
    const struct options_search *wanted = &options->search;

    return options->words_n > 0 || wanted->authors_n > 0 || wanted->has_from ||
           wanted->has_to;
}

static void search_begin(struct app *app)
{
    struct seeking *seeking = calloc(1, sizeof(*seeking));

    app->state = seeking;
    if (seeking != NULL) {
        seeking->text = app_words(app, 0);
    }
    if (seeking == NULL || seeking->text == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
    } else if (!says_enough(app->options)) {
        app_fail(app, EXIT_USAGE,
                 "search for what? Words, --author, --from or --to");
    } else if (app->options->last == 0 ||
               app->options->last > CLIENT_SEARCH_MAX) {
        app_fail(app, EXIT_USAGE, "--last wants 1 to %d messages here",
                 CLIENT_SEARCH_MAX);
    } else {
        take_authors(app);
        find_next(app);
    }
}

static int oldest_first(const void *a, const void *b)
{
    int64_t left = ((const struct said *)a)->message->sent_at.wall_us;
    int64_t right = ((const struct said *)b)->message->sent_at.wall_us;

    return (left > right) - (left < right);
}

/* The reply has them room by room; they are shown by time. */
static size_t gather(const struct xccos_data *data, struct said *all)
{
    size_t n = 0;

    for (const struct xccos_room *room = data->rooms; room != NULL;
         room = room->next) {
        for (const struct xccos_message *message = room->messages;
             message != NULL; message = message->next) {
            if (all != NULL) {
                all[n] = (struct said){room, message};
            }
            n += 1;
        }
    }
    return n;
}

static bool is_cut(const struct xccos_data *data)
{
    const struct xccos_room *room = data->rooms;

    while (room != NULL && room->over_limit != XCCOS_FLAG_TRUE) {
        room = room->next;
    }
    return room != NULL;
}

static void show_end(struct app *app, size_t n, bool cut)
{
    if (app->screen.is_json) {
        screen_json(&app->screen,
                    json_pack("{s:s, s:I, s:b}", "event", "search", "found",
                              (json_int_t)n, "cut", cut));
    } else if (cut) {
        screen_say(&app->screen,
                   "there may be more: --last shows more of them, "
                   "--from and --to narrow it");
    }
}

static void show(struct app *app, const struct xccos_data *data)
{
    size_t n = gather(data, NULL);
    struct said *all = calloc(n + 1, sizeof(*all));

    if (all == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    gather(data, all);
    qsort(all, n, sizeof(*all), oldest_first);
    for (size_t i = 0; i < n; i++) {
        const struct said *said =
            &all[app->options->search.oldest_first ? i : n - 1 - i];

        screen_message(&app->screen, said->room->uri, said->room->name,
                       said->message);
    }
    free(all);
    show_end(app, n, is_cut(data));
    app_end(app, EXIT_DONE);
}

static void search_event(struct app *app, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    if (event->reply.result == CLIENT_DONE) {
        show(app, event->reply.data);
    } else {
        app_fail_result(app, event->reply.result, event->reply.code,
                        event->reply.sentence);
    }
}

static void search_end(struct app *app)
{
    struct seeking *seeking = app->state;

    if (seeking != NULL) {
        free(seeking->text);
    }
    free(seeking);
}

const struct command command_search = {
    .name = "search",
    .usage = "[WORD ...]",
    .help = "find what was said, in one's rooms or in some",
    .words_max = 64,
    .begin = search_begin,
    .event = search_event,
    .end = search_end,
};

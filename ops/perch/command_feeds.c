/* feeds: what one wants to be told of. feed: more of it, or less. */
#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/app.h"
#include "ops/perch/news_show.h"
#include "proto/base/arena.h"

/* A change: what there is, then what there is to be. */
struct changing {
    struct arena *arena;
    bool is_set; /* It was asked to be so. */
};

static bool ask(struct app *app, const struct client_question *question)
{
    uint64_t token;

    if (client_ask(app->client, question, &token) == ERROR_NONE) {
        return true;
    }
    app_fail(app, EXIT_USAGE, "that cannot be asked");
    return false;
}

static void feeds_begin(struct app *app)
{
    struct client_question question = {.kind = CLIENT_FEEDS,
                                       .within_ms = app_left_ms(app)};

    (void)ask(app, &question);
}

static void feeds_event(struct app *app, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_REPLY) {
        return;
    }
    app_fail_result(app, event->reply.result, event->reply.code,
                    event->reply.sentence);
    show_feeds(&app->screen, event->reply.data->feeds);
    app_end(app, EXIT_DONE);
}

const struct command command_feeds = {
    .name = "feeds",
    .usage = "",
    .help = "list what is looked for in followed rooms",
    .begin = feeds_begin,
    .event = feeds_event,
};

/* feed */

static void feed_begin(struct app *app)
{
    const struct options *options = app->options;
    struct changing *changing = calloc(1, sizeof(*changing));

    app->state = changing;
    if (changing == NULL || (changing->arena = arena_new(4096)) == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
    } else if (options->is_removing
                   ? options->words_n > 1 || options->search.authors_n > 0
                   : options->words_n + options->search.authors_n < 2) {
        app_fail(app, EXIT_USAGE,
                 "a feed has words or authors; one that is to be removed has "
                 "neither");
    } else {
        feeds_begin(app);
    }
}

/* "ingrid@fjord.example" is a user, too. */
static struct slice uri_of(struct arena *arena, const char *author)
{
    char uri[512];

    snprintf(uri, sizeof(uri), "%s%s",
             strncmp(author, "sip:", 4) == 0 ? "" : "sip:", author);
    return arena_copy_slice(arena, slice_of_text(uri));
}

/* A feed that is made: where its next word and author go. */
struct making {
    struct arena *arena;
    struct xccos_feed *feed; /* NULL: memory is out. */
    struct xccos_word **word;
    struct xccos_author **author;
};

static struct making make(struct arena *arena, struct slice name)
{
    struct making making = {
        arena, arena_alloc(arena, sizeof(struct xccos_feed)), NULL, NULL};

    if (making.feed != NULL) {
        making.feed->name = arena_copy_slice(arena, name);
        making.word = &making.feed->words;
        making.author = &making.feed->authors;
    }
    return making;
}

static void add_word(struct making *making, struct slice text)
{
    struct xccos_word *word =
        making->feed == NULL ? NULL : arena_alloc(making->arena, sizeof(*word));

    if (word == NULL) {
        making->feed = NULL;
        return;
    }
    word->text = arena_copy_slice(making->arena, text);
    *making->word = word;
    making->word = &word->next;
}

static void add_author(struct making *making, struct slice uri)
{
    struct xccos_author *author =
        making->feed == NULL ? NULL
                             : arena_alloc(making->arena, sizeof(*author));

    if (author == NULL) {
        making->feed = NULL;
        return;
    }
    author->uri = arena_copy_slice(making->arena, uri);
    *making->author = author;
    making->author = &author->next;
}

static struct xccos_feed *make_feed(const struct options *options,
                                    struct arena *arena)
{
    struct making making = make(arena, slice_of_text(options->words[0]));

    for (size_t i = 1; i < options->words_n; i++) {
        add_word(&making, slice_of_text(options->words[i]));
    }
    for (size_t i = 0; i < options->search.authors_n; i++) {
        add_author(&making, uri_of(arena, options->search.authors[i]));
    }
    return making.feed;
}

static struct xccos_feed *copy_feed(const struct xccos_feed *feed,
                                    struct arena *arena)
{
    struct making making = make(arena, feed->name);

    for (const struct xccos_word *word = feed->words; word != NULL;
         word = word->next) {
        add_word(&making, word->text);
    }
    for (const struct xccos_author *author = feed->authors; author != NULL;
         author = author->next) {
        add_author(&making, author->uri);
    }
    return making.feed;
}

/* Copy what stays: all of another name. */
static bool copy_others(const struct xccos_feeds *now, struct slice name,
                        struct arena *arena, struct xccos_feed ***tail_io)
{
    const struct xccos_feed *feed = now == NULL ? NULL : now->feeds;

    for (; feed != NULL; feed = feed->next) {
        if (!slice_equal(feed->name, name)) {
            **tail_io = copy_feed(feed, arena);
            if (**tail_io == NULL) {
                return false;
            }
            *tail_io = &(**tail_io)->next;
        }
    }
    return true;
}

/* What there is to be, over the version there is. NULL: memory is out. */
static struct xccos_feeds *plan(const struct app *app,
                                const struct xccos_feeds *now)
{
    struct changing *changing = app->state;
    struct arena *arena = changing->arena;
    struct xccos_feeds *feeds = arena_alloc(arena, sizeof(*feeds));
    struct xccos_feed **tail = feeds == NULL ? NULL : &feeds->feeds;

    if (feeds == NULL ||
        !copy_others(now, slice_of_text(app->options->words[0]), arena,
                     &tail)) {
        return NULL;
    }
    feeds->version = now == NULL ? XCCOS_NUMBER(0) : now->version;
    if (!app->options->is_removing) {
        *tail = make_feed(app->options, arena);
        if (*tail == NULL) {
            return NULL;
        }
    }
    return feeds;
}

static void set(struct app *app, const struct xccos_feeds *now)
{
    struct changing *changing = app->state;
    struct client_question question = {.kind = CLIENT_SET_FEEDS,
                                       .within_ms = app_left_ms(app),
                                       .feeds = plan(app, now)};

    changing->is_set = true;
    if (question.feeds == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
    } else {
        (void)ask(app, &question);
    }
}

static void feed_event(struct app *app, const struct client_event *event)
{
    struct changing *changing = app->state;

    if (event->kind == CLIENT_EVENT_REPLY && !changing->is_set &&
        event->reply.result == CLIENT_DONE) {
        set(app, event->reply.data->feeds);
    } else {
        feeds_event(app, event);
    }
}

static void feed_end(struct app *app)
{
    struct changing *changing = app->state;

    if (changing != NULL) {
        arena_free(changing->arena);
        free(changing);
    }
}

const struct command command_feed = {
    .name = "feed",
    .usage = "NAME [WORD ...]",
    .help = "look for words or an author, or no longer; list all",
    .words_min = 1,
    .words_max = 17,
    .begin = feed_begin,
    .event = feed_event,
    .end = feed_end,
};

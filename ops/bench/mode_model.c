#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/crowd.h"
#include "ops/bench/model_load.h"
#include "ops/bench/modes.h"
#include "ops/bench/pump.h"

/* A pool with the whole model in it: made first, where it is not there. */
enum {
    SESSIONS = 300,
    IN_ROOMS = 24,
    HISTORY_MESSAGES = 25,
    SEARCHES_PER_S = 10,
};

#define POSTS_PER_S 24.04
#define JOINS_PER_S 10.0

enum stage { STAGE_PART = 1, STAGE_JOIN, STAGE_HISTORY, STAGE_SEARCH };

enum { POSTS, COMERS, SEARCHES, PUMPS };

struct running {
    const struct bench *bench;
    struct model model;
    struct options options; /* With the model's users. */
    char **uris;
    struct crowd *crowd;
    struct pump pumps[PUMPS];
    struct figures figures[PUMPS];
    struct histogram joins;
    bool counting;
    size_t turns[PUMPS];
    uint32_t serial;
    double loaded_s; /* Also when it was there: asking takes time. */
};

static enum error make_uris(struct running *running)
{
    unsigned n = model_rooms(&running->model);
    char uri[256], id_text[GUID_TEXT_BYTES + 1];

    running->uris = calloc(n, sizeof(char *));
    if (running->uris == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (unsigned i = 0; i < n; i++) {
        struct guid id = model_room_id(i);

        guid_write(&id, id_text);
        snprintf(uri, sizeof(uri), "ma-chan://%s/%s", running->options.domain,
                 id_text);
        running->uris[i] = strdup(uri);
        if (running->uris[i] == NULL) {
            return ERROR_NO_MEMORY;
        }
    }
    return ERROR_NONE;
}

/* Each kind of load begins elsewhere: a client's replies are taken to come in
 * the order of what it asked. */
static struct client *next_client(struct running *running, int pump)
{
    size_t n = crowd_size(running->crowd);

    return crowd_client(running->crowd,
                        (running->turns[pump]++ + (size_t)pump * n / PUMPS) %
                            n);
}

static enum error begin_post(void *context, uint64_t due_ns)
{
    struct running *running = context;
    size_t turn = running->turns[POSTS];
    struct client *client = next_client(running, POSTS);

    return client_post(client, client->rooms[turn % client->rooms_n],
                       running->serial++, due_ns);
}

/* Ask something about the client's first room; a search asks for any. */
static enum error ask(struct running *running, struct client *client,
                      enum stage stage, uint64_t due_ns)
{
    const char *uri = running->uris[client->rooms[0]];
    struct buffer inside = BUFFER_EMPTY;
    enum error error;

    switch (stage) {
    case STAGE_PART:
        buffer_printf(&inside,
                      "<cmd id=\"cmd:part\" seqid=\"1\"><data>"
                      "<chanib uri=\"%s\"/></data></cmd>",
                      uri);
        break;
    case STAGE_JOIN:
        inside_join(&uri, 1, &inside);
        break;
    case STAGE_HISTORY:
        buffer_printf(&inside,
                      "<cmd id=\"cmd:bccontext\" seqid=\"1\"><data>"
                      "<chanib uri=\"%s\"/><bcq><last cnt=\"%d\"/></bcq>"
                      "</data></cmd>",
                      uri, HISTORY_MESSAGES);
        break;
    case STAGE_SEARCH:
        buffer_printf(&inside,
                      "<cmd id=\"cmd:chansrch\" seqid=\"1\"><data><qib "
                      "qtype=\"BYNAME\" criteria=\"MODEL %03zu\"/></data>"
                      "</cmd>",
                      running->turns[SEARCHES] * 37 % 1000);
        break;
    }
    error = client_command(client, buffer_slice(&inside), stage, due_ns);
    buffer_deinit(&inside);
    return error;
}

static enum error begin_coming(void *context, uint64_t due_ns)
{
    struct running *running = context;

    return ask(running, next_client(running, COMERS), STAGE_PART, due_ns);
}

static enum error begin_search(void *context, uint64_t due_ns)
{
    struct running *running = context;

    return ask(running, next_client(running, SEARCHES), STAGE_SEARCH, due_ns);
}

static void on_replied(void *context, struct client *client,
                       const struct client_info *info, int status,
                       struct slice body)
{
    struct running *running = context;
    uint64_t now_ns = clock_ns();

    (void)body;
    if (info->tag == STAGE_SEARCH) {
        pump_finish(&running->pumps[SEARCHES], info->due_ns, status);
        return;
    }
    if (info->tag == STAGE_JOIN && status == 200 && running->counting) {
        histogram_record(&running->joins, (now_ns - info->due_ns) / NS_PER_US);
    }
    if (info->tag == STAGE_HISTORY || status != 200 ||
        ask(running, client, info->tag + 1, now_ns) != ERROR_NONE) {
        pump_finish(&running->pumps[COMERS], info->due_ns, status);
    }
}

static void on_answered(void *context, struct client *client,
                        const struct client_info *info, int status)
{
    struct running *running = context;

    (void)client;
    pump_finish(&running->pumps[POSTS], info->due_ns, status);
}

static void on_measuring(void *context, bool on)
{
    struct running *running = context;

    running->counting = on;
    if (on) {
        histogram_init(&running->joins);
    }
}

static size_t rooms_of(void *context, unsigned i,
                       unsigned rooms[CLIENT_ROOMS_MAX])
{
    const struct running *running = context;

    return model_rooms_of(&running->model, i % running->model.users, rooms,
                          IN_ROOMS);
}

static enum error sign_in(struct running *running)
{
    unsigned people = chosen(running->options.sessions, SESSIONS);
    struct crowd_settings settings = {
        .options = &running->options,
        .pool = &running->bench->pool,
        .handler = handler_ignoring(running),
        .n = people,
        .room_uris = running->uris,
        .room_uris_n = model_rooms(&running->model),
        .rooms_of = rooms_of,
    };

    settings.handler.answered = on_answered;
    settings.handler.replied = on_replied;
    TRY(crowd_new(&running->crowd, &settings));
    return crowd_open(running->crowd, people);
}

static void report_kind(const struct running *running, const char *what,
                        const struct histogram *latency, int pump)
{
    const struct figures *figures = &running->figures[pump];
    struct report *report = running->bench->report;

    report_row(report, "model", what);
    report_number(report, "per_second",
                  (double)latency->n / running->figures[POSTS].seconds, 1);
    report_latencies(report, "", latency);
    report_number(
        report, "failed",
        (double)(figures->refused + figures->failed + figures->unanswered), 0);
    report_end_row(report);
}

static void report_all(const struct running *running)
{
    const struct figures *posts = &running->figures[POSTS];
    struct report *report = running->bench->report;
    size_t nodes = running->bench->pool.n;

    report_kind(running, "posts", &posts->latency, POSTS);
    report_kind(running, "joins", &running->joins, COMERS);
    report_kind(running, "histories", &running->figures[COMERS].latency,
                COMERS);
    report_kind(running, "searches", &running->figures[SEARCHES].latency,
                SEARCHES);
    report_row(report, "model", "pool");
    report_number(report, "rooms", model_rooms(&running->model), 0);
    report_number(report, "entries", (double)model_entries(&running->model), 0);
    report_number(report, "sessions", (double)crowd_size(running->crowd), 0);
    report_number(report, "loaded_s", running->loaded_s, 1);
    report_number(report, "rss_mib_a_node",
                  (double)posts->used.rss_bytes / (1024 * 1024) /
                      (double)(nodes > 0 ? nodes : 1),
                  0);
    report_end_row(report);
}

static enum error run(struct running *running)
{
    const struct options *options = &running->options;
    double scale = options->scale;
    double searches = options->rate > 0 ? options->rate : SEARCHES_PER_S;

    TRY(model_load(&running->model, &running->bench->pool, options->password,
                   &running->loaded_s));
    TRY(make_uris(running));
    TRY(sign_in(running));
    running->pumps[POSTS] = (struct pump){.begin = begin_post,
                                          .measuring = on_measuring,
                                          .context = running,
                                          .rate = scale * POSTS_PER_S,
                                          .figures = &running->figures[POSTS]};
    running->pumps[COMERS] =
        (struct pump){.begin = begin_coming,
                      .context = running,
                      .rate = scale * JOINS_PER_S,
                      .figures = &running->figures[COMERS]};
    running->pumps[SEARCHES] =
        (struct pump){.begin = begin_search,
                      .context = running,
                      .rate = searches,
                      .figures = &running->figures[SEARCHES]};
    TRY(pumps_measure(running->pumps, PUMPS, running->crowd, options,
                      &running->bench->pool));
    report_all(running);
    return ERROR_NONE;
}

enum error mode_model(const struct bench *bench)
{
    static struct running running; /* Histograms: too much for a stack. */
    enum error error;

    running = (struct running){
        .bench = bench,
        .model = model_of(chosen(bench->options->rooms, MODEL_SMALL)),
        .options = *bench->options,
        .serial = SERIAL_FIRST,
    };
    running.options.users_named = "model";
    running.options.users = running.model.users;
    error = run(&running);
    crowd_free(running.crowd);
    for (unsigned i = 0;
         running.uris != NULL && i < model_rooms(&running.model); i++) {
        free(running.uris[i]);
    }
    free(running.uris);
    return error;
}

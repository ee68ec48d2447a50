#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/crowd.h"
#include "ops/bench/load.h"
#include "ops/bench/model.h"
#include "ops/bench/modes.h"
#include "ops/bench/pump.h"
#include "proto/base/check.h"

/* A pool with the whole model in it: made first, where it is not there. */
enum {
    SESSIONS = 300,
    IN_ROOMS = 24,
    MEMBERS_AT_ONCE = 1000, /* Of one request. */
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
    double loaded_s; /* 0: it was there. */
};

static void *take(struct arena *arena, const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message = arena_alloc(arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    return message;
}

#define TAKE(arena, type) take(arena, &perch__admin__##type##__descriptor)

static ProtobufCBinaryData text(struct arena *arena, const char *from)
{
    return codec_bytes(arena_copy_slice(arena, slice_of_text(from)));
}

static ProtobufCBinaryData user_name(struct arena *arena, unsigned user)
{
    char name[MODEL_NAME_BYTES];

    model_user_name(user, name);
    return text(arena, name);
}

static ProtobufCBinaryData room_name(struct arena *arena, unsigned room)
{
    char name[MODEL_NAME_BYTES];

    model_room_name(room, name);
    return text(arena, name);
}

static void make_category(void *context, size_t i, struct arena *arena,
                          struct load_request *request_out)
{
    Perch__Admin__CategoriesCreate *create = TAKE(arena, categories_create);

    (void)context, (void)i;
    CODEC_SET(create, name, text(arena, "Model"));
    *request_out =
        (struct load_request){ADMIN_CATEGORIES_CREATE, &create->base};
}

static void make_user(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct running *running = context;
    Perch__Admin__UsersCreate *create = TAKE(arena, users_create);

    CODEC_SET(create, user, user_name(arena, (unsigned)i));
    CODEC_SET(create, password, text(arena, running->options.password));
    *request_out = (struct load_request){ADMIN_USERS_CREATE, &create->base};
}

/* Names of up to MEMBERS_AT_ONCE members of a room, from one on. */
static ProtobufCBinaryData *members(const struct model *model, unsigned room,
                                    unsigned from, struct arena *arena,
                                    size_t *n_out)
{
    struct model_members all = model_members(model, room);
    unsigned n = all.n - from;
    ProtobufCBinaryData *names;

    n = n < MEMBERS_AT_ONCE ? n : MEMBERS_AT_ONCE;
    names = arena_alloc(arena, n * sizeof(*names));
    CHECK(names != NULL);
    for (unsigned i = 0; i < n; i++) {
        names[i] = user_name(arena, (all.first + from + i) % model->users);
    }
    *n_out = n;
    return names;
}

static void make_room(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct running *running = context;
    Perch__Admin__RoomsCreate *create = TAKE(arena, rooms_create);
    struct guid id = model_room_id((unsigned)i);
    char id_text[GUID_TEXT_BYTES + 1];

    guid_write(&id, id_text);
    CODEC_SET(create, id, text(arena, id_text));
    CODEC_SET(create, name, room_name(arena, (unsigned)i));
    CODEC_SET(create, category, text(arena, "Model"));
    create->members =
        members(&running->model, (unsigned)i, 0, arena, &create->n_members);
    *request_out = (struct load_request){ADMIN_ROOMS_CREATE, &create->base};
}

static size_t chunks(const struct model *model)
{
    return (model->large_members + MEMBERS_AT_ONCE - 1) / MEMBERS_AT_ONCE;
}

/* What is missing in large rooms, a piece at a time; the first is there. */
static void make_more(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct running *running = context;
    const struct model *model = &running->model;
    size_t pieces = chunks(model) - 1;
    unsigned room = model->small + model->medium + (unsigned)(i / pieces);
    unsigned from = (unsigned)(i % pieces + 1) * MEMBERS_AT_ONCE;
    Perch__Admin__RoomsChange *change = TAKE(arena, rooms_change);

    CODEC_SET(change, room, room_name(arena, room));
    change->members_add =
        members(model, room, from, arena, &change->n_members_add);
    *request_out = (struct load_request){ADMIN_ROOMS_CHANGE, &change->base};
}

/* The first node's socket, beside its data directory. */
static void socket_of(const struct pool *pool, char path[PATH_MAX + 32])
{
    char folder[PATH_MAX];
    char *end;

    snprintf(folder, sizeof(folder), "%s", pool->servers[0].data_directory);
    end = strrchr(folder, '/');
    if (end != NULL) {
        *end = '\0';
    }
    snprintf(path, PATH_MAX + 32, "%s/run/admin.sock", folder);
}

static enum error load(struct running *running)
{
    const struct model *model = &running->model;
    uint64_t began_ns = clock_ns();
    char socket[PATH_MAX + 32];

    socket_of(&running->bench->pool, socket);
    TRY(load_ask(socket, 1, make_category, running));
    TRY(load_ask(socket, model->users, make_user, running));
    TRY(load_ask(socket, model_rooms(model), make_room, running));
    TRY(load_ask(socket, model->large * (chunks(model) - 1), make_more,
                 running));
    running->loaded_s = (double)(clock_ns() - began_ns) / (double)NS_PER_S;
    return ERROR_NONE;
}

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

    TRY(load(running));
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

#include <stdio.h>

#include "ops/bench/clock.h"
#include "ops/bench/crowd.h"
#include "ops/bench/modes.h"
#include "ops/bench/pump.h"
#include "ops/bench/tracker.h"

/* The published user model of Persistent Chat for 80,000 people: 32,000 rooms
 * of 30, 1,067 of 150 and 10 of 16,000; each person is in 12, 2 and 2 of them;
 * 22.22, 1.67 and 0.15 posts per second go to the three kinds, and 10 people a
 * second join. The people are scaled down to --sessions and with them the
 * number of rooms, not their sizes (but the large ones' can only be a fifth of
 * all people); the rates are those of the whole pool, times --scale. */
enum {
    MIXED_SESSIONS = 300,
    MODEL_PEOPLE = 80000,
    MODEL_ROOMS_MEDIUM = 1067,
    MODEL_ROOMS_LARGE = 10,
    IN_SMALL = 12,
    IN_MEDIUM = 2,
    IN_LARGE = 2,
    SMALL_MEMBERS = 30,
    HISTORY_MESSAGES = 25,
};

#define POSTS_SMALL  22.22
#define POSTS_MEDIUM 1.67
#define POSTS_LARGE  0.15
#define JOINS        10.0

enum stage { STAGE_PART = 1, STAGE_JOIN, STAGE_HISTORY };

enum { POSTS, COMERS, PUMPS };

struct mixed {
    const struct bench *bench;
    struct rooms rooms;
    unsigned small, medium, large; /* How many rooms of each kind. */
    struct crowd *crowd;
    struct tracker tracker;
    struct pump pumps[PUMPS];
    struct figures figures[PUMPS]; /* Of COMERS: the history's reply. */
    struct histogram joins;
    bool counting;
    size_t next_poster, next_comer;
    uint64_t losses;
};

/* A number of 0..999 that looks drawn and is the same in every run. */
static unsigned draw(uint64_t i)
{
    return (unsigned)((i * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % 1000;
}

/* Which of a client's rooms the next post goes to. */
static unsigned choose_room(const struct client *client, uint64_t i)
{
    const double all = POSTS_SMALL + POSTS_MEDIUM + POSTS_LARGE;
    double at = draw(i) * all / 1000;
    size_t n = client->rooms_n;

    if (at < POSTS_LARGE) {
        return client->rooms[n - 1];
    }
    if (at < POSTS_LARGE + POSTS_MEDIUM && n > IN_LARGE) {
        return client->rooms[n - 1 - IN_LARGE];
    }
    return client->rooms[i % IN_SMALL < n ? i % IN_SMALL : 0];
}

static enum error begin_post(void *context, uint64_t due_ns)
{
    struct mixed *mixed = context;
    size_t turn = mixed->next_poster++;
    struct client *client =
        crowd_client(mixed->crowd, turn % crowd_size(mixed->crowd));

    TRY(client_post(client, choose_room(client, turn),
                    mixed->tracker.serial + 1, due_ns));
    tracker_post(&mixed->tracker, client->server, due_ns);
    return ERROR_NONE;
}

/* Ask something about the client's first room. */
static enum error ask(struct mixed *mixed, struct client *client,
                      enum stage stage, uint64_t due_ns)
{
    const char *uri = mixed->rooms.uris[client->rooms[0]];
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
    }
    error = client_command(client, buffer_slice(&inside), stage, due_ns);
    buffer_deinit(&inside);
    return error;
}

/* Someone leaves a room, and as soon as he is out he comes in again and reads
 * what was said. Only the coming in is measured. */
static enum error begin_coming(void *context, uint64_t due_ns)
{
    struct mixed *mixed = context;
    struct client *client = crowd_client(
        mixed->crowd, mixed->next_comer++ % crowd_size(mixed->crowd));

    return ask(mixed, client, STAGE_PART, due_ns);
}

static void on_replied(void *context, struct client *client,
                       const struct client_info *info, int status,
                       struct slice body)
{
    struct mixed *mixed = context;
    uint64_t now_ns = clock_ns();

    (void)body;
    if (info->tag == STAGE_JOIN && status == 200 && mixed->counting) {
        histogram_record(&mixed->joins, (now_ns - info->due_ns) / NS_PER_US);
    }
    if (info->tag == STAGE_HISTORY || status != 200 ||
        ask(mixed, client, info->tag + 1, now_ns) != ERROR_NONE) {
        pump_finish(&mixed->pumps[COMERS], info->due_ns, status);
    }
}

static void on_measuring(void *context, bool on)
{
    struct mixed *mixed = context;

    tracker_count(&mixed->tracker, on);
    mixed->counting = on;
    if (on) {
        histogram_init(&mixed->joins);
    }
}

static void on_answered(void *context, struct client *client,
                        const struct client_info *info, int status)
{
    struct mixed *mixed = context;

    (void)client;
    pump_finish(&mixed->pumps[POSTS], info->due_ns, status);
}

static void on_posted(void *context, struct client *client, uint32_t serial)
{
    struct mixed *mixed = context;

    tracker_delivered(&mixed->tracker, serial, client->server);
}

static void on_lost(void *context, struct client *client)
{
    struct mixed *mixed = context;

    (void)client;
    mixed->losses++;
}

/* The next in rooms of one kind, from room first on, n in all. */
static size_t add_rooms(unsigned rooms[CLIENT_ROOMS_MAX], size_t at, unsigned i,
                        unsigned each, unsigned first, unsigned n)
{
    for (unsigned k = 0; k < each && k < n; k++) {
        rooms[at] = first + (i * each + k) % n;
        at++;
    }
    return at;
}

static size_t rooms_of(void *context, unsigned i,
                       unsigned rooms[CLIENT_ROOMS_MAX])
{
    const struct mixed *mixed = context;
    unsigned medium_at = mixed->small, large_at = medium_at + mixed->medium;
    size_t n = add_rooms(rooms, 0, i, IN_SMALL, 0, mixed->small);

    n = add_rooms(rooms, n, i, IN_MEDIUM, medium_at, mixed->medium);
    return add_rooms(rooms, n, i, IN_LARGE, large_at, mixed->large);
}

static unsigned at_least(unsigned number, unsigned least)
{
    return number < least ? least : number;
}

static void plan(struct mixed *mixed, unsigned people)
{
    mixed->small = at_least(people * IN_SMALL / SMALL_MEMBERS, IN_SMALL);
    mixed->medium =
        at_least(people * MODEL_ROOMS_MEDIUM / MODEL_PEOPLE, IN_MEDIUM);
    mixed->large = MODEL_ROOMS_LARGE;
}

static enum error open_mixed(struct mixed *mixed)
{
    const struct bench *bench = mixed->bench;
    unsigned people = chosen(bench->options->sessions, MIXED_SESSIONS);
    struct crowd_settings settings = {.options = bench->options,
                                      .pool = &bench->pool,
                                      .handler = handler_ignoring(mixed),
                                      .n = people,
                                      .rooms_of = rooms_of};

    plan(mixed, people);
    TRY(tracker_init(&mixed->tracker));
    TRY(rooms_find(&mixed->rooms, bench,
                   mixed->small + mixed->medium + mixed->large));
    settings.room_uris = mixed->rooms.uris;
    settings.room_uris_n = mixed->rooms.n;
    settings.handler.answered = on_answered;
    settings.handler.replied = on_replied;
    settings.handler.posted = on_posted;
    settings.handler.lost = on_lost;
    TRY(crowd_new(&mixed->crowd, &settings));
    return crowd_open(mixed->crowd, people);
}

static void report_kind(const struct mixed *mixed, const char *what,
                        const struct histogram *histogram, uint64_t bad)
{
    struct report *report = mixed->bench->report;
    char label[64];

    snprintf(label, sizeof(label), "%s %zu %s",
             mixed->bench->options->tls ? "tls" : "tcp",
             crowd_size(mixed->crowd), what);
    report_row(report, "mixed", label);
    report_number(report, "per_second",
                  (double)histogram->n / mixed->figures[POSTS].seconds, 1);
    report_latencies(report, "", histogram);
    report_number(report, "failed", (double)bad, 0);
    report_end_row(report);
}

static uint64_t bad_of(const struct figures *figures)
{
    return figures->refused + figures->failed + figures->unanswered;
}

static void report_mixed(const struct mixed *mixed)
{
    const struct figures *posts = &mixed->figures[POSTS];
    const struct figures *comers = &mixed->figures[COMERS];
    struct report *report = mixed->bench->report;

    report_kind(mixed, "posts", &posts->latency, bad_of(posts));
    report_kind(mixed, "told on other", &mixed->tracker.other, 0);
    report_kind(mixed, "told on same", &mixed->tracker.same, 0);
    report_kind(mixed, "joins", &mixed->joins, bad_of(comers));
    report_kind(mixed, "histories", &comers->latency, mixed->losses);
    report_row(report, "mixed", "cost");
    report_number(report, "servers_cpu_%",
                  (double)posts->used.cpu_ns / (double)NS_PER_S * 100 /
                      posts->seconds,
                  1);
    report_number(report, "rss_mib",
                  (double)posts->used.rss_bytes / (1024 * 1024), 0);
    figures_report_cpu(posts, report, "delivery", mixed->tracker.deliveries);
    report_end_row(report);
}

static enum error run(struct mixed *mixed)
{
    const struct options *options = mixed->bench->options;

    TRY(open_mixed(mixed));
    mixed->pumps[POSTS] = (struct pump){
        .begin = begin_post,
        .measuring = on_measuring,
        .context = mixed,
        .rate = options->scale * (POSTS_SMALL + POSTS_MEDIUM + POSTS_LARGE),
        .figures = &mixed->figures[POSTS]};
    mixed->pumps[COMERS] = (struct pump){.begin = begin_coming,
                                         .context = mixed,
                                         .rate = options->scale * JOINS,
                                         .figures = &mixed->figures[COMERS]};
    TRY(pumps_measure(mixed->pumps, PUMPS, mixed->crowd, options,
                      &mixed->bench->pool));
    report_mixed(mixed);
    return ERROR_NONE;
}

enum error mode_mixed(const struct bench *bench)
{
    static struct mixed mixed; /* Histograms: too much for a stack. */
    enum error error;

    mixed = (struct mixed){.bench = bench};
    error = run(&mixed);
    crowd_free(mixed.crowd);
    rooms_deinit(&mixed.rooms);
    tracker_deinit(&mixed.tracker);
    return error;
}

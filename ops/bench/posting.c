#include "ops/bench/posting.h"

#include "proto/base/check.h"

/* When so many in a row cannot send, the rest is not asked. */
enum { TRIES_MAX = 32 };

static enum error begin(void *context, uint64_t due_ns)
{
    struct posting *posting = context;
    struct tracker *tracker = &posting->tracker;

    for (size_t i = 0; i < posting->active && i < TRIES_MAX; i++) {
        struct client *client =
            crowd_client(posting->crowd, posting->next % posting->active);
        uint32_t serial = tracker->serial + 1;

        posting->next++;
        if (client_post(client, client->rooms[0], serial, due_ns) ==
            ERROR_NONE) {
            tracker_post(tracker, client->server, due_ns);
            return ERROR_NONE;
        }
    }
    return ERROR_BUSY;
}

static enum error begin_sign_in(void *context, uint64_t due_ns)
{
    struct posting *posting = context;

    return crowd_newcomer(posting->crowd, due_ns);
}

static void on_measuring(void *context, bool on)
{
    struct posting *posting = context;

    tracker_count(&posting->tracker, on);
}

static void on_answered(void *context, struct client *client,
                        const struct client_info *info, int status)
{
    struct posting *posting = context;

    (void)client;
    pump_finish(&posting->pumps[POSTING_POSTS], info->due_ns, status);
}

static void on_knocked(void *context, uint64_t due_ns, int status)
{
    struct posting *posting = context;

    pump_finish(&posting->pumps[POSTING_SIGN_INS], due_ns, status);
}

static void on_posted(void *context, struct client *client, uint32_t serial)
{
    struct posting *posting = context;

    tracker_delivered(&posting->tracker, serial, client->server);
}

static void on_lost(void *context, struct client *client)
{
    struct posting *posting = context;

    (void)client;
    posting->losses++;
}

static size_t rooms_of(void *context, unsigned i,
                       unsigned rooms[CLIENT_ROOMS_MAX])
{
    const struct posting *posting = context;

    rooms[0] = i % (unsigned)posting->rooms.n;
    return 1;
}

enum error posting_open(struct posting *posting, const struct bench *bench,
                        unsigned sessions, unsigned rooms)
{
    struct crowd_settings settings = {.options = bench->options,
                                      .pool = &bench->pool,
                                      .handler = handler_ignoring(posting),
                                      .n = sessions,
                                      .rooms_of = rooms_of};

    *posting = (struct posting){
        .bench = bench, .sessions = sessions, .active = sessions};
    posting->pumps[POSTING_POSTS] = (struct pump){
        .begin = begin, .measuring = on_measuring, .context = posting};
    posting->pumps[POSTING_SIGN_INS] =
        (struct pump){.begin = begin_sign_in, .context = posting};
    TRY(tracker_init(&posting->tracker));
    TRY(rooms_find(&posting->rooms, bench, rooms));
    settings.room_uris = posting->rooms.uris;
    settings.room_uris_n = posting->rooms.n;
    settings.handler.answered = on_answered;
    settings.handler.posted = on_posted;
    settings.handler.lost = on_lost;
    settings.handler.knocked = on_knocked;
    TRY(crowd_new(&posting->crowd, &settings));
    return crowd_open(posting->crowd, sessions);
}

enum error posting_measure(struct posting *posting, struct figures *figures,
                           size_t n)
{
    const struct bench *bench = posting->bench;

    CHECK(n <= POSTING_PUMPS);

    for (size_t i = 0; i < n; i++) {
        posting->pumps[i].figures = &figures[i];
    }
    posting->losses = 0;
    TRY(pumps_measure(posting->pumps, n, posting->crowd, bench->options,
                      &bench->pool));
    figures[POSTING_POSTS].failed += posting->losses;
    return ERROR_NONE;
}

void posting_close(struct posting *posting)
{
    crowd_free(posting->crowd);
    rooms_deinit(&posting->rooms);
    tracker_deinit(&posting->tracker);
    *posting = (struct posting){0};
}

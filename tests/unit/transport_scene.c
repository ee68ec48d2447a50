#include "tests/unit/transport_scene.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/journal.h"

static char certificates[512];

static void capture(void *context, enum journal_level level, const char *line)
{
    struct scene *scene = context;

    (void)level;
    if (scene->n_lines < LINES_MAX) {
        scene->lines[scene->n_lines++] = strdup(line);
    }
}

const char *scene_certificates(const char *folder, const char *arguments)
{
    static char dir[512];
    char command[2048];

    snprintf(dir, sizeof(dir), "%s/%s", CERTIFICATES_DIR, folder);
    snprintf(command, sizeof(command), "'%s' --dir '%s' %s", MAKE_CERTS, dir,
             arguments);
    assert_int_equal(system(command), 0);
    return dir;
}

int scene_make_certificates(void **state)
{
    (void)state;
    snprintf(certificates, sizeof(certificates), "%s",
             scene_certificates("pool", "--nodes 5"));
    return 0;
}

static int set_up(void **state, bool plain)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->loop = loop_new();
    scene->plain = plain;
    for (uint8_t node = 1; node < STATIONS_MAX; node++) {
        struct station *station = &scene->stations[node];

        station->scene = scene;
        station->node = node;
        station->raft_id = node;
        station->version = PEER_VERSION_MIN;
        station->pool.bytes[0] = 42;
    }
    journal_capture(capture, scene);
    *state = scene;
    return 0;
}

int scene_set_up_plain(void **state)
{
    return set_up(state, true);
}

int scene_set_up_tls(void **state)
{
    return set_up(state, false);
}

int scene_tear_down(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < STATIONS_MAX; i++) {
        transport_close(scene->stations[i].transport);
    }
    loop_free(scene->loop);
    journal_capture(NULL, NULL);
    for (size_t i = 0; i < scene->n_lines; i++) {
        free(scene->lines[i]);
    }
    free(scene);
    return 0;
}

static enum peer_refusal on_admit(void *context, const struct peer_hello *hello)
{
    struct station *station = context;

    (void)hello;
    return station->admits;
}

static void on_connected(void *context, uint8_t node,
                         const struct peer_hello *hello)
{
    struct station *station = context;

    station->connects++;
    station->hello = *hello;
    if (station->on_connected != NULL) {
        station->on_connected(station, node);
    }
}

static void on_disconnected(void *context, uint8_t node,
                            enum transport_reason reason)
{
    struct station *station = context;

    station->disconnects++;
    station->reason = reason;
    if (station->on_disconnected != NULL) {
        station->on_disconnected(station, node);
    }
}

static uint64_t number_of(const struct peer_message *message)
{
    switch (message->kind) {
    case PEER_PING:
    case PEER_PONG:
        return message->ping.seq;
    case PEER_SNAPSHOT_CHUNK:
        return message->snapshot_chunk.offset;
    case PEER_COMMIT_NOTE:
        return message->commit_note.commit_index;
    case PEER_APPEND_ENTRIES:
        return message->append_entries.prev_log_index;
    default:
        return 0;
    }
}

static void on_received(void *context, uint8_t node,
                        const struct peer_message *message)
{
    struct station *station = context;

    assert_true(station->n_heard < HEARD_MAX);
    station->heard[station->n_heard++] =
        (struct heard){node, (uint8_t)message->kind, number_of(message)};
    if (station->on_message != NULL) {
        station->on_message(station, node, message);
    }
}

static struct peer_hello hello_of(const struct station *station)
{
    struct peer_hello hello = {
        .pool = station->pool,
        .node = station->node,
        .raft_id = station->raft_id,
        .directory_id = 7,
        .version_min = station->version,
        .version_max = station->version,
        .software = "perchd test",
    };

    return hello;
}

struct transport_settings scene_settings(struct station *station,
                                         struct transport_node *nodes)
{
    static char files[3][1024];
    const char *dir =
        station->certificates != NULL ? station->certificates : certificates;
    struct transport_settings settings = {
        .hello = hello_of(station),
        .nodes = nodes,
        .listen_host = "127.0.0.1",
        .listen_port = station->port,
        .plain = station->scene->plain,
        .limits = station->limits,
    };
    char name[64];

    snprintf(name, sizeof(name), "node%u", (unsigned)station->node);
    if (station->name != NULL) {
        snprintf(name, sizeof(name), "%s", station->name);
    }
    if (!settings.plain) {
        snprintf(files[0], sizeof(files[0]), "%s/%s.pem", dir, name);
        snprintf(files[1], sizeof(files[1]), "%s/%s.key", dir, name);
        snprintf(files[2], sizeof(files[2]), "%s/ca.pem", certificates);
        settings.tls = (struct transport_tls){files[0], files[1], files[2]};
    }
    return settings;
}

void station_open(struct station *station, const uint8_t *others, size_t n)
{
    static const struct transport_events events = {
        on_admit, on_connected, on_disconnected, on_received};
    struct transport_node nodes[STATIONS_MAX];
    struct transport_settings settings = scene_settings(station, nodes);

    for (size_t i = 0; i < n; i++) {
        struct station *other = &station->scene->stations[others[i]];

        nodes[i] = (struct transport_node){
            .node = others[i],
            .host = other->host != NULL ? other->host : "127.0.0.1",
            .port = other->port != 0 ? other->port : 1,
        };
    }
    settings.n_nodes = n;
    assert_int_equal(transport_open(station->scene->loop, &settings, &events,
                                    station, &station->transport),
                     ERROR_NONE);
    station->port = transport_port(station->transport);
}

void station_close(struct station *station)
{
    transport_close(station->transport);
    station->transport = NULL;
}

void scene_open_friends(struct scene *scene)
{
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    station_open(five, (uint8_t[]){1, 2, 4}, 3);
    station_open(one, (uint8_t[]){5}, 1);
    RUN_UNTIL(scene, one->connects == 1 && five->connects == 1);
}

void scene_check_friends(struct scene *scene)
{
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    size_t before = five->n_heard;

    assert_int_equal(station_stats(five, 1).connects, 1);
    assert_int_equal(station_stats(five, 1).drops, 0);
    assert_int_equal(station_ping(one, 5, 99), ERROR_NONE);
    RUN_UNTIL(scene, five->n_heard > before);
    assert_int_equal(five->heard[before].node, 1);
    assert_int_equal(five->heard[before].number, 99);
}

enum error station_ping(struct station *station, uint8_t to, uint64_t seq)
{
    struct peer_message message = {.kind = PEER_PING, .ping = {1, seq}};

    return transport_send(station->transport, to, &message);
}

enum error station_chunk(struct station *station, uint8_t to, uint64_t offset,
                         size_t bytes)
{
    static uint8_t data[PEER_CHUNK_BYTES_MAX];
    struct peer_message message = {
        .kind = PEER_SNAPSHOT_CHUNK,
        .snapshot_chunk = {.offset = offset, .data = slice_of(data, bytes)},
    };

    return transport_send(station->transport, to, &message);
}

struct transport_stats station_stats(struct station *station, uint8_t node)
{
    struct transport_stats stats;

    assert_int_equal(transport_stats_of(station->transport, node, &stats),
                     ERROR_NONE);
    return stats;
}

static void on_step(void *context)
{
    (void)context;
}

void scene_step(struct scene *scene)
{
    struct timer *timer = timer_new(scene->loop, on_step, NULL);

    timer_start(timer, 5, 0);
    uv_run(loop_uv(scene->loop), UV_RUN_ONCE);
    timer_free(timer);
}

void scene_run_ms(struct scene *scene, unsigned ms)
{
    uint64_t end_us = loop_now_us(scene->loop) + (uint64_t)ms * 1000;

    while (loop_now_us(scene->loop) < end_us) {
        scene_step(scene);
    }
}

int scene_lines(struct scene *scene, const char *one, const char *other)
{
    int n = 0;

    for (size_t i = 0; i < scene->n_lines; i++) {
        n += strstr(scene->lines[i], one) != NULL &&
             strstr(scene->lines[i], other) != NULL;
    }
    return n;
}

void scene_fail(struct scene *scene, const char *what, int line)
{
    for (size_t i = 0; i < scene->n_lines; i++) {
        print_message("journal: %s\n", scene->lines[i]);
    }
    fail_msg("line %d: never: %s", line, what);
}

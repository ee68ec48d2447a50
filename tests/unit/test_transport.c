#include "tests/unit/transport_scene.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* Two nodes meet whoever opens first, each learns who the other is, and what
 * is sent arrives in order. */
static void test_transport_open__two_nodes_meet(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    scene_open_friends(scene);
    assert_int_equal(one->hello.node, 5);
    assert_int_equal(five->hello.node, 1);
    assert_int_equal(five->hello.directory_id, 7);
    for (uint64_t seq = 0; seq < 1000; seq++) {
        assert_int_equal(station_ping(one, 5, seq), ERROR_NONE);
        assert_int_equal(station_ping(five, 1, seq), ERROR_NONE);
    }
    RUN_UNTIL(scene, one->n_heard == 1000 && five->n_heard == 1000);
    for (uint64_t seq = 0; seq < 1000; seq++) {
        assert_int_equal(one->heard[seq].number, seq);
        assert_int_equal(five->heard[seq].number, seq);
    }
    assert_int_equal(scene_lines(scene, "peer_connected", "node=5"), 1);
    assert_int_equal(scene_lines(scene, "peer_connected", "node=1"), 1);
    assert_int_equal(scene_lines(scene, "warning peer peer_", ""), 0);
}

/* A node that comes later than its peer is found without hands. */
static void test_transport_open__dials_until_it_answers(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    station_open(five, (uint8_t[]){1}, 1); /* Only to have a port. */
    station_close(five);
    scene_run_ms(scene, 20);
    station_open(one, (uint8_t[]){5}, 1);
    scene_run_ms(scene, 700);
    assert_int_equal(one->connects, 0);
    assert_true(station_stats(one, 5).drops >= 3);  /* It tries again, */
    assert_true(station_stats(one, 5).drops <= 12); /* and backs off. */
    /* However often it tried, the journal has one line. */
    assert_int_equal(scene_lines(scene, "peer_dropped", "reason=IO"), 1);
    station_open(five, (uint8_t[]){1}, 1);
    RUN_UNTIL(scene, one->connects == 1 && five->connects == 1);
}

/* A node may be known by a name; one that means nothing is told, once, and
 * asked again. */
static void test_transport_open__looks_names_up(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    five->host = "localhost";
    scene_open_friends(scene);
    station_close(one);
    five->host = "no..name";
    station_open(one, (uint8_t[]){5}, 1);
    RUN_UNTIL(scene, scene_lines(scene, "peer_dropped node=5 address=no..name:",
                                 "reason=IO") == 1);
    scene_run_ms(scene, 300);
    assert_int_equal(scene_lines(scene, "address=no..name:", ""), 1);
}

/* Three nodes make three connections, and each speaks to both others. */
static void test_transport_open__three_nodes_mesh(void **state)
{
    struct scene *scene = *state;
    struct station *s = scene->stations;

    station_open(&s[3], (uint8_t[]){1, 2}, 2);
    station_open(&s[2], (uint8_t[]){1, 3}, 2);
    station_open(&s[1], (uint8_t[]){2, 3}, 2);
    RUN_UNTIL(scene,
              s[1].connects == 2 && s[2].connects == 2 && s[3].connects == 2);
    for (uint8_t from = 1; from <= 3; from++) {
        for (uint8_t to = 1; to <= 3; to++) {
            if (to != from) {
                assert_int_equal(station_ping(&s[from], to, from), ERROR_NONE);
            }
        }
    }
    RUN_UNTIL(scene,
              s[1].n_heard == 2 && s[2].n_heard == 2 && s[3].n_heard == 2);
    for (uint8_t at = 1; at <= 3; at++) {
        assert_int_equal(s[at].heard[0].number, s[at].heard[0].node);
        assert_int_equal(s[at].heard[1].number, s[at].heard[1].node);
        assert_int_equal(s[at].heard[0].node + s[at].heard[1].node, 6 - at);
    }
    assert_int_equal(station_ping(&s[1], 1, 0), ERROR_NOT_FOUND);
    assert_int_equal(station_ping(&s[1], 4, 0), ERROR_NOT_FOUND);
}

/* A node that restarts, here as a new incarnation, is known by its new raft
 * id, and its peer is told of the end of the old. */
static void test_transport_open__restart_with_new_raft_id(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    scene_open_friends(scene);
    station_close(one);
    RUN_UNTIL(scene, five->disconnects == 1);
    assert_int_equal(five->reason, TRANSPORT_CLOSED);
    assert_int_equal(station_ping(five, 1, 0), ERROR_CLOSED);
    one->raft_id = 0x7701;
    station_open(one, (uint8_t[]){5}, 1);
    RUN_UNTIL(scene, five->connects == 2 && one->connects == 2);
    assert_int_equal(five->hello.raft_id, 0x7701);

    /* And the other way: the side that is dialed goes away. */
    station_close(five);
    RUN_UNTIL(scene, one->disconnects == 1);
    station_open(five, (uint8_t[]){1}, 1);
    RUN_UNTIL(scene, one->connects == 3 && five->connects == 3);
}

/* Whoever reads that a node was lost also reads that it is back, and a node
 * that comes and goes all day does not fill the journal. */
static void test_transport__journal_is_balanced(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    scene_open_friends(scene);
    for (int i = 2; i < 8; i++) {
        transport_drop(five->transport, 1, "again");
        RUN_UNTIL(scene, five->connects == i && one->connects == i);
    }
    assert_int_equal(scene_lines(scene, "peer_dropped node=1", "again"), 1);
    assert_int_equal(scene_lines(scene, "peer_connected node=1", ""), 2);
    assert_int_equal(scene_lines(scene, "peer_dropped node=5", "CLOSED"), 1);
    assert_int_equal(scene_lines(scene, "peer_connected node=5", ""), 2);
}

/* A changed Hello is what the next connection says. */
static void test_transport_set_hello__from_the_next_connection(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    struct transport_node nodes[1];
    struct peer_hello hello = scene_settings(one, nodes).hello;

    scene_open_friends(scene);
    assert_int_equal(five->hello.last_log_index, 0);
    hello.last_log_index = 88;
    transport_set_hello(one->transport, &hello);
    transport_drop(one->transport, 5, "the test says so");
    assert_int_equal(one->disconnects, 1);
    assert_int_equal(one->reason, TRANSPORT_DROPPED);
    assert_int_equal(scene_lines(scene, "reason=DROPPED", "the test says so"),
                     1);
    RUN_UNTIL(scene, five->connects == 2 && one->connects == 2);
    assert_int_equal(five->hello.last_log_index, 88);
}

/* Keep-alives measure the round trip and keep a silent connection. */
static void test_transport_stats_of__counts(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    struct transport_stats stats;

    one->limits = (struct transport_limits){.alive_ms = 20, .silent_ms = 400};
    five->limits = one->limits;
    scene_open_friends(scene);
    scene_run_ms(scene, 900);
    RUN_UNTIL(scene, station_stats(one, 5).rtt_us > 0);
    station_ping(one, 5, 1);
    RUN_UNTIL(scene, five->n_heard == 1);
    stats = station_stats(one, 5);
    assert_true(stats.connected);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.drops, 0);
    assert_true(stats.rtt_us < 200000);
    assert_true(stats.frames_sent >= 3 && stats.frames_received >= 2);
    assert_true(stats.bytes_sent > stats.frames_sent * FRAME_HEADER_BYTES);
    assert_true(station_stats(five, 1).frames_received <= stats.frames_sent);
    assert_false(station_stats(five, 2).connected);
    assert_int_equal(transport_stats_of(one->transport, 77, &stats),
                     ERROR_NOT_FOUND);
}

static void ping_back(struct station *station, uint8_t node)
{
    station_ping(station, node, 5);
}

static void pong(struct station *station, uint8_t node,
                 const struct peer_message *message)
{
    struct peer_message answer = *message;

    if (message->kind == PEER_PING) {
        answer.kind = PEER_PONG;
        assert_int_equal(transport_send(station->transport, node, &answer),
                         ERROR_NONE);
    }
}

/* Owners may send from inside their events. */
static void test_transport_send__inside_events(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    one->on_connected = five->on_connected = ping_back;
    one->on_message = five->on_message = pong;
    scene_open_friends(scene);
    RUN_UNTIL(scene, one->n_heard == 2 && five->n_heard == 2);
}

struct hook {
    struct station *station;
    uint64_t seq;
    bool due;
};

static void send_in_hook(void *context)
{
    struct hook *hook = context;

    if (hook->due) {
        hook->due = false;
        station_ping(hook->station, 5, hook->seq++);
    }
}

/* Raft queues what it has to say at the end of a turn too, and may come after
 * the transport: that must not wait for the next thing to happen. */
static void test_transport_send__after_the_flush(void **state)
{
    enum { ROUNDS = 20, MOST_MS = 10 };
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    struct hook hook = {.station = one};
    uint64_t began_us;

    scene_open_friends(scene);
    loop_on_turn(scene->loop, send_in_hook, &hook);
    began_us = loop_now_us(scene->loop);
    while (five->n_heard < ROUNDS) {
        hook.due = five->n_heard == hook.seq;
        uv_run(loop_uv(scene->loop), UV_RUN_ONCE); /* Sleeps if it can. */
    }
    assert_true(loop_now_us(scene->loop) - began_us < ROUNDS * MOST_MS * 1000);
    loop_on_turn(scene->loop, NULL, &hook);
}

static void drop_there(struct station *station, uint8_t node,
                       const struct peer_message *message)
{
    (void)message;
    transport_drop(station->transport, node, "in the event");
}

static void close_there(struct station *station, uint8_t node,
                        const struct peer_message *message)
{
    (void)node;
    (void)message;
    station_close(station);
}

static void close_on_loss(struct station *station, uint8_t node)
{
    (void)node;
    station_close(station);
}

/* They may also end the connection they are told of, or all: what came with
 * the same bytes is not told any more. */
static void test_transport_close__inside_events(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    scene_open_friends(scene);
    five->on_message = drop_there;
    station_ping(one, 5, 1);
    station_ping(one, 5, 2);
    RUN_UNTIL(scene, five->disconnects == 1);
    assert_int_equal(five->n_heard, 1);
    RUN_UNTIL(scene, one->connects == 2 && five->connects == 2);

    five->on_message = close_there;
    one->on_disconnected = close_on_loss;
    station_ping(one, 5, 3);
    station_ping(one, 5, 4);
    RUN_UNTIL(scene, five->transport == NULL && one->transport == NULL);
    assert_int_equal(five->n_heard, 2);
    assert_int_equal(five->disconnects, 1); /* Who closes is told nothing. */
}

static void send_large(struct station *from, uint8_t to, size_t bytes)
{
    uint8_t *data = malloc(bytes);
    struct peer_entry entry = {1, PEER_ENTRY_COMMAND, slice_of(data, bytes)};
    struct peer_message message = {
        .kind = PEER_APPEND_ENTRIES,
        .append_entries = {.term = 1,
                           .prev_log_index = bytes,
                           .entries = &entry,
                           .n = 1},
    };

    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(i * 31 + i / 256);
    }
    assert_int_equal(transport_send(from->transport, to, &message), ERROR_NONE);
    free(data);
}

static void check_large(struct station *station, uint8_t node,
                        const struct peer_message *message)
{
    struct slice bytes;

    (void)station;
    (void)node;
    assert_int_equal(message->kind, PEER_APPEND_ENTRIES);
    bytes = message->append_entries.entries[0].bytes;
    assert_int_equal(bytes.len, message->append_entries.prev_log_index);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != (uint8_t)(i * 31 + i / 256)) {
            fail_msg("byte %zu of %zu differs", i, bytes.len);
        }
    }
}

/* The largest message there may be arrives as it was, beside small ones. */
static void test_transport_send__largest_messages(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    scene_open_friends(scene);
    five->on_message = check_large;
    send_large(one, 5, PEER_BULK_BYTES_MAX);
    send_large(one, 5, 8);
    send_large(one, 5, 262144 + 8);
    RUN_UNTIL(scene, five->n_heard == 3);
}

/* A class that is full says so and takes no more; others still do, and what
 * was taken arrives. */
static void test_transport_send__full_class_is_busy(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    size_t taken = 0;

    one->limits.class_bytes_max[PEER_CLASS_SNAPSHOT] = 300 * 1024;
    scene_open_friends(scene);
    while (station_chunk(one, 5, taken, 30 * 1024) == ERROR_NONE) {
        taken++;
    }
    assert_int_equal(taken, 9);
    assert_int_equal(station_chunk(one, 5, 0, 30 * 1024), ERROR_BUSY);
    assert_int_equal(station_stats(one, 5).busy, 2);
    assert_true(station_stats(one, 5).queued_bytes[PEER_CLASS_SNAPSHOT] <=
                300 * 1024);
    assert_int_equal(station_ping(one, 5, 1), ERROR_NONE);
    RUN_UNTIL(scene, five->n_heard == taken + 1);
    assert_int_equal(five->heard[0].kind, PEER_PING); /* Of a higher class. */
    assert_int_equal(station_stats(one, 5).queued_bytes[PEER_CLASS_SNAPSHOT],
                     0);
    assert_int_equal(station_chunk(one, 5, 0, 30 * 1024), ERROR_NONE);
}

/* An owner that stops the loop for longer than a peer may be silent does not
 * lose the peer for that. */
static void test_transport__own_stall_is_forgiven(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];

    one->limits = (struct transport_limits){.alive_ms = 50, .silent_ms = 300};
    five->limits = one->limits;
    scene_open_friends(scene);
    uv_sleep(800);
    scene_run_ms(scene, 300);
    assert_int_equal(one->disconnects + five->disconnects, 0);
    assert_true(scene_lines(scene, "loop_stalled", "ms=") >= 1);
    scene_check_friends(scene);
}

/* Certificates are replaced under way: what is open stays, what comes next
 * uses the new one, and a bad one is not taken. */
static void test_transport_reload_tls__for_new_connections(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    char dir[512], command[2048];
    int64_t before_s;

    snprintf(dir, sizeof(dir), "%s",
             scene_certificates("reload", "--authority " CERTIFICATES_DIR
                                          "/pool --nodes 1 --days 30"));
    one->certificates = dir;
    scene_open_friends(scene);
    before_s = transport_certificate_expires_s(one->transport);
    assert_true(before_s > time(NULL) + 29 * 86400);

    snprintf(command, sizeof(command), "cp '%s/node1.key' '%s/node1.keep'", dir,
             dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "echo rubbish >'%s/node1.key'", dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(transport_reload_tls(one->transport), ERROR_TLS);
    assert_int_equal(scene_lines(scene, "tls_refused", "node1.key"), 1);
    assert_int_equal(transport_certificate_expires_s(one->transport), before_s);
    scene_check_friends(scene);

    snprintf(command, sizeof(command), "rm '%s/node1.pem'", dir);
    assert_int_equal(system(command), 0);
    scene_certificates("reload", "--authority " CERTIFICATES_DIR
                                 "/pool --nodes 1 --days 60");
    assert_int_equal(transport_reload_tls(one->transport), ERROR_NONE);
    assert_true(transport_certificate_expires_s(one->transport) >
                before_s + 29 * 86400);
    scene_check_friends(scene);
    transport_drop(five->transport, 1, "to meet anew");
    RUN_UNTIL(scene, five->connects == 2 && one->connects == 2);
    snprintf(command, sizeof(command), "rm -r '%s'", dir);
    assert_int_equal(system(command), 0);
}

static enum error open_with(struct scene *scene,
                            const struct transport_settings *settings)
{
    static const struct transport_events none;
    struct transport *transport = NULL;
    enum error error =
        transport_open(scene->loop, settings, &none, NULL, &transport);

    transport_close(transport);
    return error;
}

/* Settings that cannot be right are refused, each with a line that says what
 * is wrong; above all plain TCP beyond the machine. */
static void test_transport_open__refuses_settings(void **state)
{
    struct scene *scene = *state;
    struct transport_node nodes[] = {{2, "127.0.0.1", 5}, {3, "::1", 5}};
    struct transport_settings right =
        scene_settings(&scene->stations[1], nodes);
    struct transport_settings wrong;

    right.n_nodes = 2;
    assert_int_equal(open_with(scene, &right), ERROR_NONE);

#define REFUSED(text, change)                                                  \
    do {                                                                       \
        wrong = right;                                                         \
        change;                                                                \
        assert_int_equal(open_with(scene, &wrong), ERROR_INVALID);             \
        assert_int_equal(                                                      \
            scene_lines(scene, "error peer transport_refused", text), 1);      \
    } while (0)
    REFUSED("setting=listen text=\"without TLS",
            wrong.listen_host = "192.0.2.1");
    REFUSED("setting=listen text=\"not an", wrong.listen_host = "localhost");
    REFUSED("setting=node3 text=\"without TLS", nodes[1].host = "192.0.2.1");
    nodes[1].host = "::1";
    nodes[0].host = "localhost"; /* A name may come to mean anything. */
    REFUSED("setting=node2 text=\"without TLS", (void)0);
    nodes[0].host = "127.0.0.1";
    nodes[1].node = 2;
    REFUSED("configured twice", (void)0);
    nodes[1].node = 1;
    REFUSED("not the id of another", (void)0);
    nodes[1] = (struct transport_node){3, "", 5};
    REFUSED("setting=node3 text=\"no host", (void)0);
    nodes[1] = (struct transport_node){3, "::1", 5};
    REFUSED("setting=tls", wrong.tls.key = "key.pem");
    REFUSED("setting=tls text=\"certificate,", wrong.plain = false);
    REFUSED("setting=nodes", wrong.n_nodes = TRANSPORT_NODES_MAX + 1);
    REFUSED("setting=hello", wrong.hello.raft_id = 2);
    REFUSED("setting=alive_ms", wrong.limits.alive_ms = 501);
    REFUSED("setting=class_bytes_max",
            wrong.limits.class_bytes_max[PEER_CLASS_RAFT] =
                PEER_BULK_BYTES_MAX);
#undef REFUSED
    assert_int_equal(open_with(scene, &right), ERROR_NONE);
}

/* A port that is taken is named. */
static void test_transport_open__port_in_use(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct transport_node nodes[1];
    struct transport_settings settings;

    station_open(five, (uint8_t[]){1}, 1);
    settings = scene_settings(five, nodes);
    assert_int_not_equal(open_with(scene, &settings), ERROR_NONE);
    assert_int_equal(scene_lines(scene, "listen_failed", "in use"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_PLAIN(test_transport_open__two_nodes_meet),
        RUN_TLS(test_transport_open__two_nodes_meet),
        RUN_PLAIN(test_transport_open__dials_until_it_answers),
        RUN_TLS(test_transport_open__looks_names_up),
        RUN_PLAIN(test_transport_open__three_nodes_mesh),
        RUN_TLS(test_transport_open__three_nodes_mesh),
        RUN_PLAIN(test_transport_open__restart_with_new_raft_id),
        RUN_TLS(test_transport_open__restart_with_new_raft_id),
        RUN_PLAIN(test_transport__journal_is_balanced),
        RUN_PLAIN(test_transport_set_hello__from_the_next_connection),
        RUN_PLAIN(test_transport_stats_of__counts),
        RUN_TLS(test_transport_stats_of__counts),
        RUN_PLAIN(test_transport_send__inside_events),
        RUN_TLS(test_transport_send__inside_events),
        RUN_PLAIN(test_transport_send__after_the_flush),
        RUN_PLAIN(test_transport_close__inside_events),
        RUN_TLS(test_transport_close__inside_events),
        RUN_PLAIN(test_transport_send__largest_messages),
        RUN_TLS(test_transport_send__largest_messages),
        RUN_PLAIN(test_transport_send__full_class_is_busy),
        RUN_PLAIN(test_transport__own_stall_is_forgiven),
        RUN_TLS(test_transport_reload_tls__for_new_connections),
        RUN_PLAIN(test_transport_open__refuses_settings),
        RUN_PLAIN(test_transport_open__port_in_use),
    };

    return cmocka_run_group_tests(tests, scene_make_certificates, NULL);
}

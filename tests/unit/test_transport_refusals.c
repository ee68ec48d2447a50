#include "tests/unit/stranger.h"

#include <stdio.h>
#include <string.h>

#include "raft/peer/connection.h"

/* Everywhere here nodes 1 and 5 are friends, and another comes to node 5 that
 * may not stay. It is gone, one line says who and why, and the friends have
 * not noticed. */

static void check_dropped(struct scene *scene, struct stranger *stranger,
                          const char *line, const char *reason)
{
    RUN_UNTIL(scene, scene_lines(scene, line, reason) == 1);
    RUN_UNTIL(scene, stranger_is_over(stranger));
    scene_check_friends(scene);
    assert_int_equal(scene_lines(scene, "warning peer peer_", ""), 1);
    stranger_leave(stranger);
}

static void check_refused(struct scene *scene, struct stranger *stranger,
                          uint8_t node, const char *reason,
                          enum peer_refusal refusal)
{
    struct peer_message message;
    char line[64];

    snprintf(line, sizeof(line), "warning peer peer_refused node=%u ",
             (unsigned)node);
    RUN_UNTIL(scene, stranger_hears(stranger, PEER_REJECT, &message));
    assert_int_equal(message.reject.refusal, refusal);
    assert_int_equal(station_stats(&scene->stations[5], node).refused, 1);
    check_dropped(scene, stranger, line, reason);
}

static void hello_is_refused(struct scene *scene, struct peer_message *hello,
                             uint8_t node, const char *reason,
                             enum peer_refusal refusal)
{
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], hello->hello.node);
    stranger_say(&stranger, hello);
    check_refused(scene, &stranger, node, reason, refusal);
}

static void test_refusal__wrong_pool(void **state)
{
    struct peer_message hello = stranger_hello_of(2);

    hello.hello.pool.bytes[15] = 1;
    hello_is_refused(*state, &hello, 2, "reason=WRONG_POOL",
                     PEER_REFUSAL_WRONG_POOL);
}

static void test_refusal__unknown_node(void **state)
{
    struct peer_message hello = stranger_hello_of(3);

    hello_is_refused(*state, &hello, 0, "reason=UNKNOWN_NODE",
                     PEER_REFUSAL_UNKNOWN_NODE);
}

static void test_refusal__version_too_new(void **state)
{
    struct peer_message hello = stranger_hello_of(2);

    hello.hello.version_min = hello.hello.version_max = PEER_VERSION_MAX + 1;
    hello_is_refused(*state, &hello, 2, "reason=VERSION", PEER_REFUSAL_VERSION);
}

/* A range of versions that has one in common is enough. */
static void test_refusal__version_range_overlaps(void **state)
{
    struct scene *scene = *state;
    struct peer_message hello = stranger_hello_of(2);
    struct stranger stranger;

    hello.hello.version_max = PEER_VERSION_MAX + 7;
    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], 2);
    stranger_say(&stranger, &hello);
    RUN_UNTIL(scene, scene->stations[5].connects == 2);
    stranger_leave(&stranger);
}

/* The owner's word is final, and its reason travels. */
static void test_refusal__owner_does_not_admit(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    scene->stations[5].admits = PEER_REFUSAL_FORGOTTEN;
    stranger_come_as(&stranger, &scene->stations[5], 2);
    stranger_hello(&stranger, 2);
    check_refused(scene, &stranger, 2, "reason=FORGOTTEN",
                  PEER_REFUSAL_FORGOTTEN);
    assert_int_equal(scene->stations[5].connects, 1);
}

/* A node of a higher id waits to be dialed. */
static void test_refusal__dial_order(void **state)
{
    struct scene *scene = *state;
    struct station *two = &scene->stations[2];
    struct stranger stranger;
    struct peer_message message;

    station_open(two, (uint8_t[]){1, 4}, 2);
    stranger_come_as(&stranger, two, 4);
    stranger_hello(&stranger, 4);
    RUN_UNTIL(scene, stranger_hears(&stranger, PEER_REJECT, &message));
    assert_int_equal(message.reject.refusal, PEER_REFUSAL_DIAL_ORDER);
    assert_int_equal(scene_lines(scene, "peer_refused node=4", "DIAL_ORDER"),
                     1);
    stranger_leave(&stranger);
}

/* One that is refused for that does not disturb the connection there is, nor
 * how it would be dialed again. */
static void test_refusal__leaves_the_connection_there_is(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;
    struct peer_message message;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[1], 5);
    stranger_hello(&stranger, 5);
    RUN_UNTIL(scene, stranger_hears(&stranger, PEER_REJECT, &message));
    assert_int_equal(message.reject.refusal, PEER_REFUSAL_DIAL_ORDER);
    stranger_leave(&stranger);
    scene_run_ms(scene, TRANSPORT_DIAL_MAX_MS / 2);
    scene_check_friends(scene);
}

/* An answer to what was never asked, from the future at that, says nothing of
 * the way there. */
static void test_alive__answer_from_the_future(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger stranger;
    struct peer_message alive = {.kind = PEER_ALIVE,
                                 .alive = {UINT64_MAX, true}};

    scene_open_friends(scene);
    stranger_come_as(&stranger, five, 2);
    stranger_hello(&stranger, 2);
    RUN_UNTIL(scene, five->connects == 2);
    stranger_say(&stranger, &alive);
    RUN_UNTIL(scene, station_stats(five, 2).frames_received == 1);
    assert_int_equal(station_stats(five, 2).rtt_us, 0);
    stranger_leave(&stranger);
}

static size_t count_leaving(const struct station *station)
{
    const struct connection *connection;
    size_t n = 0;

    TAILQ_FOREACH (connection, &station->transport->connections, link) {
        n += connection->state == CONNECTION_LEAVING;
    }
    return n;
}

/* One that is refused and stays on the line is cut off after a while, and at
 * once when others need its place. */
static void test_refusal__who_does_not_leave_is_cut_off(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger strangers[2];
    uint64_t refused_us;

    five->limits.strangers_max = 1;
    scene_open_friends(scene);
    for (size_t i = 0; i < 2; i++) {
        stranger_connect(&strangers[i], five);
        stranger_hello(&strangers[i], 3);
        RUN_UNTIL(scene, station_stats(five, 0).refused == i + 1);
        assert_int_equal(count_leaving(five), 1);
    }
    refused_us = loop_now_us(scene->loop);
    RUN_UNTIL(scene, count_leaving(five) == 0);
    assert_true(loop_now_us(scene->loop) - refused_us >=
                TRANSPORT_LEAVE_MS * 1000 / 2);
    scene_check_friends(scene);
    stranger_leave(&strangers[0]);
    stranger_leave(&strangers[1]);
}

static void close_all(struct station *station, uint8_t node)
{
    (void)node;
    station_close(station);
}

/* An owner that closes all when it hears that a connection has been replaced
 * does not hear of the new one. */
static void test_replaced__owner_closes_all(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger first, second;

    scene_open_friends(scene);
    stranger_come_as(&first, five, 2);
    stranger_hello(&first, 2);
    RUN_UNTIL(scene, five->connects == 2);
    five->on_disconnected = close_all;
    stranger_come_as(&second, five, 2);
    stranger_hello(&second, 2);
    RUN_UNTIL(scene, five->transport == NULL);
    scene_run_ms(scene, 20);
    assert_int_equal(five->connects, 2);
    stranger_leave(&first);
    stranger_leave(&second);
}

/* A node that is refused learns why, and keeps asking, slowly. */
static void test_refusal__refused_node_says_so(void **state)
{
    struct scene *scene = *state;
    struct station *two = &scene->stations[2];

    scene_open_friends(scene);
    two->pool.bytes[3] = 9;
    station_open(two, (uint8_t[]){5}, 1);
    RUN_UNTIL(scene, scene_lines(scene, "peer_refuses_us node=5",
                                 "reason=WRONG_POOL") == 1);
    RUN_UNTIL(scene, station_stats(two, 5).drops >= 2);
    assert_int_equal(two->connects, 0);
    assert_int_equal(
        scene_lines(scene, "peer_refused node=2", "reason=WRONG_POOL"),
        1); /* Once, however often it comes. */
    assert_true(station_stats(&scene->stations[5], 2).refused >= 2);
    scene_check_friends(scene);
}

/* What is dialed must be who is wanted: here node 3 answers where node 5
 * should. */
static void test_refusal__another_node_answers(void **state)
{
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *three = &scene->stations[3];

    station_open(three, (uint8_t[]){1}, 1);
    scene->stations[5].port = three->port;
    station_open(one, (uint8_t[]){5}, 1);
    RUN_UNTIL(scene, scene_lines(scene, "peer_refused node=5",
                                 scene->plain ? "reason=WRONG_NODE"
                                              : "reason=WRONG_NAME") == 1);
    assert_int_equal(one->connects, 0);
}

static void check_tls_dropped(struct scene *scene, struct stranger *stranger,
                              const char *detail)
{
    RUN_UNTIL(scene, stranger_handshake(stranger));
    check_dropped(
        scene, stranger,
        "warning peer peer_dropped node=0 address=127.0.0.1:", detail);
    assert_int_equal(scene_lines(scene, "reason=TLS", detail), 1);
    assert_true(station_stats(&scene->stations[5], 0).drops == 1);
}

static void test_refusal__expired_certificate(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger,
                 scene_certificates("expired", "--authority " CERTIFICATES_DIR
                                               "/pool --nodes 2 --days -1"),
                 "node2", 0);
    check_tls_dropped(scene, &stranger, "certificate has expired");
}

static void test_refusal__foreign_authority(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger, scene_certificates("foreign", "--nodes 2"), "node2",
                 0);
    check_tls_dropped(scene, &stranger, "certificate verify failed");
}

static void test_refusal__no_certificate(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger, NULL, NULL, 0);
    check_tls_dropped(scene, &stranger, "did not return a certificate");
}

static void test_refusal__tls_1_2_client(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger, NULL, "node2", TLS1_2_VERSION);
    check_tls_dropped(scene, &stranger, "unsupported protocol");
}

/* The right authority is not enough: an administrator is no node, */
static void test_refusal__certificate_of_no_node(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger,
                 scene_certificates("admins", "--authority " CERTIFICATES_DIR
                                              "/pool --admin root"),
                 "admin-root", 0);
    RUN_UNTIL(scene, stranger_handshake(&stranger));
    check_refused(scene, &stranger, 0, "reason=WRONG_NAME",
                  PEER_REFUSAL_WRONG_NAME);
}

/* and a node may only say that it is itself. */
static void test_refusal__wrong_name(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], 4);
    stranger_hello(&stranger, 2);
    check_refused(scene, &stranger, 0, "reason=WRONG_NAME",
                  PEER_REFUSAL_WRONG_NAME);
}

static void test_refusal__plain_client_on_tls_port(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_hello(&stranger, 2);
    check_dropped(scene, &stranger, "peer_dropped node=0", "reason=TLS");
}

static void test_refusal__tls_client_on_plain_port(void **state)
{
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_connect(&stranger, &scene->stations[5]);
    stranger_tls(&stranger, NULL, "node2", 0);
    RUN_UNTIL(scene, stranger_handshake(&stranger));
    check_dropped(scene, &stranger, "peer_dropped node=0", "reason=MALFORMED");
}

/* Before a Hello nothing but a Hello may come, and of bounded length. */
static void test_refusal__message_before_hello(void **state)
{
    struct scene *scene = *state;
    struct peer_message message = {.kind = PEER_PING};
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], 2);
    stranger_say(&stranger, &message);
    check_dropped(scene, &stranger, "peer_dropped node=0", "reason=UNEXPECTED");
    assert_int_equal(scene->stations[5].n_heard, 1); /* The friend's. */
}

static void test_refusal__oversized_hello(void **state)
{
    static const uint8_t header[] = {1, 4, 0, 0, PEER_HELLO, 1, 0, 0};
    struct scene *scene = *state;
    struct stranger stranger;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], 2);
    stranger_send(&stranger, header, sizeof(header));
    check_dropped(scene, &stranger, "peer_dropped node=0", "reason=OVERSIZED");
}

/* Bytes of one who said Hello and then what is no message. */
static void say_after_hello(struct scene *scene, const void *bytes, size_t len,
                            const char *reason)
{
    struct stranger stranger;
    struct peer_message message;

    scene_open_friends(scene);
    stranger_come_as(&stranger, &scene->stations[5], 2);
    stranger_hello(&stranger, 2);
    RUN_UNTIL(scene, stranger_hears(&stranger, PEER_HELLO, &message));
    stranger_send(&stranger, bytes, len);
    RUN_UNTIL(scene, scene->stations[5].disconnects == 1);
    check_dropped(scene, &stranger, "peer_dropped node=2", reason);
}

static void test_refusal__malformed_frame(void **state)
{
    say_after_hello(*state, "\0\0\0\0\1\2\0\0", 8, "reason=MALFORMED");
}

static void test_refusal__malformed_message(void **state)
{
    say_after_hello(*state, "\1\0\0\0\17\1\0\0\xff", 9,
                    "reason=MALFORMED text=\"the bytes are no message\" "
                    "detail=\"error=MALFORMED kind=PING(15) bytes=1\"");
}

static void test_refusal__unknown_kind(void **state)
{
    say_after_hello(*state, "\0\0\0\0\x63\1\0\0", 8,
                    "detail=\"error=UNSUPPORTED kind=UNKNOWN(99)");
}

/* The length alone is refused; what it announces is never waited for. */
static void test_refusal__oversized_length(void **state)
{
    say_after_hello(*state, "\xff\xff\xff\xff\6\1\0\0", 8,
                    "reason=OVERSIZED text=\"a message is larger than its "
                    "kind may be\" detail=\"error=TOO_LARGE "
                    "kind=APPEND_ENTRIES(6) bytes=4294967295\"");
}

static void test_refusal__second_hello(void **state)
{
    struct peer_message hello = stranger_hello_of(2);
    struct buffer frame = BUFFER_EMPTY;
    size_t at = frame_begin(&frame, PEER_HELLO);

    peer_write(&hello, &frame);
    frame_end(&frame, at, peer_limits());
    say_after_hello(*state, frame.data, frame.len, "reason=UNEXPECTED");
    buffer_deinit(&frame);
}

/* One who says Hello and then nothing is dropped as silent, though the
 * connection still stands. */
static void test_refusal__silent_peer(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger stranger;
    uint64_t began_us;

    five->limits = (struct transport_limits){.alive_ms = 50, .silent_ms = 400};
    scene->stations[1].limits = five->limits;
    scene_open_friends(scene);
    stranger_come_as(&stranger, five, 2);
    stranger_hello(&stranger, 2);
    RUN_UNTIL(scene, five->connects == 2);
    began_us = loop_now_us(scene->loop);
    RUN_UNTIL(scene, five->disconnects == 1);
    assert_true(loop_now_us(scene->loop) - began_us > 350000);
    assert_int_equal(five->reason, TRANSPORT_SILENT);
    check_dropped(scene, &stranger, "peer_dropped node=2", "reason=SILENT");
}

/* One who says nothing at all, and one who dribbles, have until the deadline
 * and not longer. */
static void slow_loris(struct scene *scene, bool dribble, const char *detail)
{
    struct station *five = &scene->stations[5];
    struct peer_message hello = stranger_hello_of(2);
    struct buffer frame = BUFFER_EMPTY;
    struct stranger stranger;
    size_t at = frame_begin(&frame, PEER_HELLO), sent = 0;
    uint64_t next_us = 0, now_us;

    peer_write(&hello, &frame);
    frame_end(&frame, at, peer_limits());
    five->limits.handshake_ms = 600;
    scene_open_friends(scene);
    if (dribble) {
        stranger_come_as(&stranger, five, 2);
    } else {
        stranger_connect(&stranger, five);
    }
    while (scene_lines(scene, "peer_dropped", detail) == 0) {
        now_us = loop_now_us(scene->loop);
        if (dribble && now_us > next_us) {
            assert_true(sent < frame.len);
            stranger_send(&stranger, frame.data + sent++, 1);
            next_us = now_us + 30000;
        }
        scene_step(scene);
    }
    buffer_deinit(&frame);
    check_dropped(scene, &stranger, "peer_dropped node=0", "reason=TIMED_OUT");
}

static void test_refusal__slow_hello(void **state)
{
    slow_loris(*state, true, "detail=\"Hello\"");
}

static void test_refusal__nothing_said(void **state)
{
    struct scene *scene = *state;

    slow_loris(scene, false,
               scene->plain ? "detail=\"Hello\"" : "detail=\"TLS handshake\"");
}

/* A flood of strangers makes room by its own oldest; a node that belongs here
 * still comes in, and friends stay. */
static void test_refusal__crowd(void **state)
{
    enum { CROWD = 40, STRANGERS_MAX = 4 };
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger crowd[CROWD];
    struct peer_message message;
    int over = 0;

    five->limits.strangers_max = STRANGERS_MAX;
    scene_open_friends(scene);
    for (int i = 0; i < CROWD; i++) {
        stranger_connect(&crowd[i], five);
    }
    RUN_UNTIL(scene, station_stats(five, 0).drops == CROWD - STRANGERS_MAX);
    for (int i = 0; i < CROWD; i++) {
        over += stranger_is_over(&crowd[i]);
    }
    assert_int_equal(over, CROWD - STRANGERS_MAX);
    assert_false(stranger_is_over(&crowd[CROWD - 1]));
    assert_int_equal(
        scene_lines(scene, "peer_dropped node=0", "reason=CROWDED"), 1);
    stranger_leave(&crowd[0]);
    stranger_come_as(&crowd[0], five, 2);
    stranger_hello(&crowd[0], 2);
    RUN_UNTIL(scene, stranger_hears(&crowd[0], PEER_HELLO, &message));
    scene_check_friends(scene);
    for (int i = 0; i < CROWD; i++) {
        stranger_leave(&crowd[i]);
    }
}

/* Connections come in at a pace, so that strangers cannot buy the loop's time
 * with handshakes; those who wait are served in the next ticks. */
static void test_refusal__accepts_at_a_pace(void **state)
{
    enum { CROWD = 30 };
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger crowd[CROWD];
    uint64_t began_us;

    scene_open_friends(scene);
    scene_run_ms(scene, 60);
    began_us = loop_now_us(scene->loop);
    for (int i = 0; i < CROWD; i++) {
        stranger_connect(&crowd[i], five);
        stranger_send(&crowd[i], "GET / HTTP/1.0\r\n", 16);
    }
    RUN_UNTIL(scene, station_stats(five, 0).drops == CROWD);
    assert_true(loop_now_us(scene->loop) - began_us > 80000);
    scene_check_friends(scene);
    for (int i = 0; i < CROWD; i++) {
        stranger_leave(&crowd[i]);
    }
}

/* The same node again: the newest Hello wins, the old connection is closed
 * with a line, and its owner is told in this order. */
static void test_refusal__duplicate_connection(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct peer_message hello = stranger_hello_of(2);
    struct stranger old, new;
    struct peer_message message;

    scene_open_friends(scene);
    stranger_come_as(&old, five, 2);
    stranger_hello(&old, 2);
    RUN_UNTIL(scene, stranger_hears(&old, PEER_HELLO, &message));
    hello.hello.raft_id = 0x502; /* A new incarnation. */
    stranger_come_as(&new, five, 2);
    stranger_say(&new, &hello);
    RUN_UNTIL(scene, stranger_hears(&new, PEER_HELLO, &message));
    assert_int_equal(five->reason, TRANSPORT_REPLACED);
    assert_int_equal(five->disconnects, 1);
    assert_int_equal(five->hello.raft_id, 0x502);
    assert_int_equal(station_ping(five, 2, 8), ERROR_NONE);
    RUN_UNTIL(scene, stranger_hears(&new, PEER_PING, &message));
    assert_int_equal(message.ping.seq, 8);
    check_dropped(scene, &old, "peer_dropped node=2", "reason=REPLACED");
    assert_int_equal(five->disconnects, 1);
    stranger_leave(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_PLAIN(test_refusal__wrong_pool),
        RUN_TLS(test_refusal__wrong_pool),
        RUN_PLAIN(test_refusal__unknown_node),
        RUN_TLS(test_refusal__unknown_node),
        RUN_PLAIN(test_refusal__version_too_new),
        RUN_PLAIN(test_refusal__version_range_overlaps),
        RUN_PLAIN(test_refusal__owner_does_not_admit),
        RUN_TLS(test_refusal__owner_does_not_admit),
        RUN_PLAIN(test_refusal__dial_order),
        RUN_TLS(test_refusal__dial_order),
        RUN_PLAIN(test_refusal__leaves_the_connection_there_is),
        RUN_PLAIN(test_refusal__who_does_not_leave_is_cut_off),
        RUN_PLAIN(test_alive__answer_from_the_future),
        RUN_PLAIN(test_replaced__owner_closes_all),
        RUN_TLS(test_refusal__refused_node_says_so),
        RUN_PLAIN(test_refusal__another_node_answers),
        RUN_TLS(test_refusal__another_node_answers),
        RUN_TLS(test_refusal__expired_certificate),
        RUN_TLS(test_refusal__foreign_authority),
        RUN_TLS(test_refusal__no_certificate),
        RUN_TLS(test_refusal__tls_1_2_client),
        RUN_TLS(test_refusal__certificate_of_no_node),
        RUN_TLS(test_refusal__wrong_name),
        RUN_TLS(test_refusal__plain_client_on_tls_port),
        RUN_PLAIN(test_refusal__tls_client_on_plain_port),
        RUN_PLAIN(test_refusal__message_before_hello),
        RUN_TLS(test_refusal__message_before_hello),
        RUN_PLAIN(test_refusal__oversized_hello),
        RUN_PLAIN(test_refusal__malformed_frame),
        RUN_TLS(test_refusal__malformed_frame),
        RUN_PLAIN(test_refusal__malformed_message),
        RUN_PLAIN(test_refusal__unknown_kind),
        RUN_PLAIN(test_refusal__oversized_length),
        RUN_TLS(test_refusal__oversized_length),
        RUN_PLAIN(test_refusal__second_hello),
        RUN_PLAIN(test_refusal__silent_peer),
        RUN_TLS(test_refusal__silent_peer),
        RUN_PLAIN(test_refusal__slow_hello),
        RUN_TLS(test_refusal__slow_hello),
        RUN_PLAIN(test_refusal__nothing_said),
        RUN_TLS(test_refusal__nothing_said),
        RUN_PLAIN(test_refusal__crowd),
        RUN_TLS(test_refusal__crowd),
        RUN_PLAIN(test_refusal__accepts_at_a_pace),
        RUN_TLS(test_refusal__accepts_at_a_pace),
        RUN_PLAIN(test_refusal__duplicate_connection),
        RUN_TLS(test_refusal__duplicate_connection),
    };

    return cmocka_run_group_tests(tests, scene_make_certificates, NULL);
}

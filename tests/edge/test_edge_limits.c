#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sip/pidgin.h"

static int set_up(void **state)
{
    *state = scene_open(NULL);
    return 0;
}

static int tear_down(void **state)
{
    scene_close(*state);
    return 0;
}

#define OPTIONS                                                                \
    "OPTIONS " POOL_URI " SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"                   \
    "From: <sip:tomas@" DOMAIN ">;tag=1\r\nTo: <" POOL_URI ">\r\n"             \
    "Call-ID: o\r\nCSeq: 1 OPTIONS\r\n"

static void say(struct client *client, const char *text)
{
    client_say(client, text, strlen(text));
}

/* What ends framing, and how it is answered: 0 is a close without a word. */
static void test_framing__broken_is_answered_and_closed(void **state)
{
    static char long_line[START_LINE_BYTES_MAX + 100];
    static char long_head[HEAD_BYTES_MAX + 100];
    static char many_lines[HEAD_LINES_MAX * 8 + 1000];
    static const char nul[] = OPTIONS "X: \0\r\n";
    struct scene *scene = *state;
    const struct {
        const char *text;
        size_t len;
        int status;
        const char *why;
    } cases[] = {
        {long_line, sizeof(long_line) - 1, 0, NULL},
        {long_head, sizeof(long_head) - 1, 400, "Head too large"},
        {many_lines, sizeof(many_lines) - 1, 400, "Head too large"},
        {nul, sizeof(nul) - 1, 400, "NUL in the head"},
        {OPTIONS "X: a\nY: b\r\n\r\n", 0, 400, "CR or LF alone in the head"},
        {OPTIONS "\r\n", 0, 400, "Content-Length missing"},
        {OPTIONS "l: 1\r\nContent-Length: 1\r\n\r\n", 0, 400,
         "More than one Content-Length"},
        {OPTIONS "Content-Length: 1, 1\r\n\r\n", 0, 400,
         "Content-Length is no number"},
        {OPTIONS "Content-Length:\r\n\r\n", 0, 400, "Content-Length is empty"},
        {OPTIONS "Content-Length: 70000\r\n\r\n", 0, 413, "Body too large"},
        {OPTIONS "nonsense\r\nContent-Length: 0\r\n\r\n", 0, 400,
         "A line of the head is no header"},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, 0, NULL},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11, 0, NULL},
    };

    memset(long_line, 'a', sizeof(long_line) - 1);
    memset(long_head, 'a', sizeof(long_head) - 1);
    memcpy(long_head, OPTIONS "X: ", strlen(OPTIONS "X: "));
    memcpy(many_lines, OPTIONS, strlen(OPTIONS));
    for (size_t i = strlen(OPTIONS); i + 8 < sizeof(many_lines); i += 8) {
        memcpy(many_lines + i, "X: abc\r\n", 8);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = client_connect(scene_port(scene, 0));
        size_t len = cases[i].len != 0 ? cases[i].len : strlen(cases[i].text);
        struct heard heard;

        client_say(client, cases[i].text, len);
        heard = client_hear(client, WAIT_MS);
        assert_int_equal(heard.status, cases[i].status);
        if (cases[i].why != NULL) {
            const char *why = heard_header(&heard, "Warning");

            assert_non_null(why);
            assert_non_null(strstr(why, cases[i].why));
        }
        heard_free(&heard);
        client_expect_close(client, WAIT_MS);
        client_free(client);
    }
}

/* Byte by byte, and a hundred in one segment: framing does not care. */
static void test_framing__any_segments(void **state)
{
    static const char one[] = OPTIONS "Content-Length: 3\r\n\r\nabc";
    struct scene *scene = *state;
    struct client *client = client_connect(scene_port(scene, 0));
    char *many = malloc(100 * sizeof(one));
    size_t len = 0;

    for (size_t i = 0; i < sizeof(one) - 1; i++) {
        client_say(client, one + i, 1);
        usleep(i % 50 == 0 ? 1000 : 0);
    }
    client_await(client, 200);
    for (int i = 0; i < 100; i++) {
        memcpy(many + len, one, sizeof(one) - 1);
        len += sizeof(one) - 1;
    }
    client_say(client, many, len);
    for (int i = 0; i < 100; i++) {
        client_await(client, 200);
    }
    free(many);
    client_free(client);
}

/* CRLFCRLF is answered CRLF; a single CRLF is nothing. */
static void test_keep_alive__pong(void **state)
{
    struct scene *scene = *state;
    struct client *client = client_connect(scene_port(scene, 0));

    say(client, "\r\n" OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(client, 200);
    client_expect_silence(client, 50);
    assert_int_equal(client->crlfs, 0);
    say(client, "\r\n\r\n");
    client_expect_silence(client, 100);
    assert_int_equal(client->crlfs, 1);
    say(client, "\r\n\r");
    client_expect_silence(client, 50);
    say(client, "\n");
    client_expect_silence(client, 50);
    assert_int_equal(client->crlfs, 2);
    client_free(client);
}

/* A short while after output comes a CRLF, once: it wakes pidgin-sipe up when
 * a message ended where its buffer does. */
static void test_keep_alive__crlf_after_output(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct client *client;

    (void)state;
    limits.crlf_after_ms = 500;
    scene = scene_open(&limits);
    client = client_connect(scene_port(scene, 0));
    say(client, OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(client, 200);
    client_expect_silence(client, 3200);
    assert_int_equal(client->crlfs, 1);
    client_free(client);
    scene_close(scene);
}

/* A signed-in client may send large bodies; one that is too large is refused
 * and read past, and the connection goes on. */
static void test_body__limits_of_the_signed_in(void **state)
{
    struct scene *scene = *state;
    struct pidgin *pidgin = pidgin_enter(scene, "tomas");
    size_t max = EDGE_LIMITS_DEFAULT.body_bytes_max;
    char *body = malloc(2 * max);
    struct call call;

    memset(body, ' ', 2 * max);
    call_open(&call, scene, pidgin);
    memcpy(body, REQURI, strlen(REQURI));
    body[max] = '\0';
    call_say(&call, "INFO", body);
    client_await(pidgin->client, 200);
    scene_expect(scene, INTAKE_REQUEST);
    body[max] = ' ';
    body[max + 1] = '\0';
    call_say(&call, "INFO", body);
    client_await(pidgin->client, 413);
    call_say(&call, "UPDATE", NULL);
    client_await(pidgin->client, 200);
    free(body);
    pidgin_leave(pidgin);
}

/* Messages that cannot be read are answered 400 a few times, no more. */
static void test_malformed__is_counted(void **state)
{
    struct scene *scene = *state;
    struct client *client = client_connect(scene_port(scene, 0));

    for (int i = 0; i < MALFORMED_MAX; i++) {
        client_say_text(client, "OPTIONS <sip:x> SIP/2.0\nVia: SIP/2.0/TCP h\n"
                                "From: <sip:t@x>;tag=1\nTo: <sip:x@x>\n"
                                "Call-ID: 1\nCSeq: 1 OPTIONS\n"
                                "Content-Length: 0\n\n");
        client_await(client, 400);
    }
    client_expect_close(client, WAIT_MS);
    client_free(client);
}

static struct scene *open_with_deadlines(void)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;

    limits.first_request_ms = 1000;
    limits.partial_ms = 2000;
    limits.unauthenticated_ms = 3000;
    limits.keep_alive_s = 2;
    limits.expires_min_s = 3;
    limits.expires_grace_s = 1;
    limits.session_s = 2;
    limits.session_min_s = 1;
    limits.sign_in_ms = 1000;
    return scene_open(&limits);
}

/* Each deadline ends who misses it, and spares who does not. */
static void test_deadlines__before_sign_in(void **state)
{
    struct scene *scene = open_with_deadlines();
    struct client *silent = client_connect(scene_port(scene, 0));
    struct client *partial = client_connect(scene_port(scene, 0));
    struct client *stranger = client_connect(scene_port(scene, 0));
    uint64_t start = now_ms();

    (void)state;
    say(partial, OPTIONS "Content-Length: 0\r\n\r\n");
    say(stranger, OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(partial, 200);
    client_await(stranger, 200);
    say(partial, "OPTIONS ");
    client_expect_close(silent, 2600);
    client_expect_close(partial, 3600);
    assert_true(now_ms() - start >= 2000);
    client_expect_close(stranger, 4600);
    assert_true(now_ms() - start >= 3000);
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_DEADLINES), 3);
    client_free(silent);
    client_free(partial);
    client_free(stranger);
    scene_close(scene);
}

/* The deadline is for one message: a client whose bytes never end where a
 * message does, but who completes them, stays. */
static void test_deadlines__steady_client_stays(void **state)
{
    static const char one[] = OPTIONS "Content-Length: 0\r\n\r\n";
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct client *steady;
    struct scene *scene;

    (void)state;
    limits.partial_ms = 1000;
    scene = scene_open(&limits);
    steady = client_connect(scene_port(scene, 0));
    client_say(steady, one, 20);
    for (int i = 0; i < 15; i++) {
        usleep(250 * 1000);
        client_say(steady, one + 20, sizeof(one) - 1 - 20);
        client_say(steady, one, 20);
        client_await(steady, 200);
    }
    client_free(steady);
    scene_close(scene);
}

/* A client that announced keep-alive and is silent is gone after 2.5 times
 * what it was told; one that says CRLFCRLF stays. */
static void test_deadlines__keep_alive(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct pidgin *silent, *alive;

    (void)state;
    limits.keep_alive_s = 1;
    scene = scene_open(&limits);
    silent = pidgin_enter(scene, "tomas");
    alive = pidgin_enter(scene, "ingrid");
    for (int i = 0; i < 8; i++) {
        say(alive->client, "\r\n\r\n");
        usleep(500 * 1000);
    }
    client_expect_close(silent->client, 100);
    client_expect_silence(alive->client, 100);
    pidgin_leave(silent);
    pidgin_leave(alive);
    scene_close(scene);
}

/* Without a refresh the registration ends, and the connection with it; so does
 * a dialog that shows no sign of life for twice its session time. */
static void test_deadlines__expiry(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct pidgin *lapsed, *idle;
    struct call call;
    uint64_t start;

    (void)state;
    limits.expires_min_s = 2;
    limits.expires_grace_s = 1;
    limits.session_s = 1;
    limits.session_min_s = 1;
    scene = scene_open(&limits);
    lapsed = pidgin_enter(scene, "tomas");
    pidgin_register(lapsed, "Expires: 2\n");
    client_await(lapsed->client, 200);
    start = now_ms();
    idle = pidgin_enter(scene, "ingrid");
    call_open(&call, scene, idle);
    client_expect_close(idle->client, 4000);
    assert_true(now_ms() - start >= 2000);
    scene_expect(scene, INTAKE_DIALOG_CLOSED);
    client_expect_close(lapsed->client, 3000);
    assert_true(now_ms() - start >= 3000);
    pidgin_leave(lapsed);
    pidgin_leave(idle);
    scene_close(scene);
}

/* A state loop that does not answer a sign-in: 503, and the next try works. */
static void test_deadlines__sign_in(void **state)
{
    struct scene *scene = open_with_deadlines();
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));

    (void)state;
    scene->mute = true;
    pidgin->client = client_connect(scene_port(scene, LISTENER_OPEN));
    pidgin->user = "tomas";
    pidgin_register(pidgin, "");
    client_await(pidgin->client, 503);
    scene->mute = false;
    pidgin_sign_in(pidgin);
    pidgin_leave(pidgin);
    scene_close(scene);
}

/* At the caps, whoever comes is turned away at once; when one leaves, one may
 * come. */
static void test_caps__turn_away(void **state)
{
    static const enum edge_metric metrics[] = {EDGE_METRIC_REFUSED_TOTAL,
                                               EDGE_METRIC_REFUSED_ADDRESS};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct edge_limits limits = EDGE_LIMITS_DEFAULT;
        struct client *in[3], *out;
        struct scene *scene;

        *(i == 0 ? &limits.connections_max
                 : &limits.connections_per_address_max) = 3;
        scene = scene_open(&limits);
        for (int j = 0; j < 3; j++) {
            in[j] = client_connect(scene_port(scene, 0));
        }
        scene_wait_metric(scene, EDGE_METRIC_CONNECTIONS, 3);
        out = client_connect(scene_port(scene, 0));
        client_expect_close(out, WAIT_MS);
        client_free(out);
        assert_int_equal(edge_metric(scene->edge, metrics[i]), 1);
        client_free(in[0]);
        scene_wait_gauge(scene, EDGE_METRIC_CONNECTIONS, 2);
        in[0] = client_connect(scene_port(scene, 0));
        say(in[0], OPTIONS "Content-Length: 0\r\n\r\n");
        client_await(in[0], 200);
        for (int j = 0; j < 3; j++) {
            client_free(in[j]);
        }
        scene_close(scene);
    }
}

/* Callers never get the process's last descriptors: log and store must be able
 * to open files whoever calls. */
static void test_caps__keep_descriptors_for_files(void **state)
{
    enum { CALLERS = 40 }; /* They alone are more than is allowed. */
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct client *callers[CALLERS];
    struct scene *scene;
    int lowest = dup(0);

    (void)state;
    assert_true(lowest > 0 && close(lowest) == 0);
    limits.descriptors_max = (unsigned)lowest + CALLERS;
    scene = scene_open(&limits);
    callers[0] = client_connect(scene_port(scene, 0));
    scene_wait_metric(scene, EDGE_METRIC_ACCEPTED, 1);
    for (int i = 1; i < CALLERS; i++) {
        callers[i] = client_connect(scene_port(scene, 0));
    }
    client_expect_close(callers[CALLERS - 1], WAIT_MS);
    assert_true(edge_metric(scene->edge, EDGE_METRIC_REFUSED_TOTAL) > 0);
    say(callers[0], OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(callers[0], 200);
    for (int i = 0; i < CALLERS; i++) {
        client_free(callers[i]);
    }
    scene_close(scene);
}

/* Unfinished messages together may hold only so much memory. */
static void test_caps__partial_messages(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct client *greedy[4];
    char *text = malloc(60000);
    int closed = 0;

    (void)state;
    limits.partial_bytes_max = 100 * 1000;
    scene = scene_open(&limits);
    memset(text, 'x', 60000);
    for (int i = 0; i < 4; i++) {
        greedy[i] = client_connect(scene_port(scene, 0));
        say(greedy[i], OPTIONS "Content-Length: 64000\r\n\r\n");
        client_say(greedy[i], text, 45000);
    }
    for (int i = 0; i < 4; i++) {
        struct heard heard = client_hear(greedy[i], 300);

        assert_null(heard.text);
        closed += greedy[i]->closed;
    }
    assert_int_equal(closed, 2);
    free(text);
    for (int i = 0; i < 4; i++) {
        client_free(greedy[i]);
    }
    scene_close(scene);
}

/* INFOs above the rate are read later, not refused and not lost. */
static void test_rate__is_slowed_down(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct scene *scene;
    struct pidgin *pidgin;
    struct call call;
    uint64_t start;

    (void)state;
    limits.infos_per_s_max = 20;
    scene = scene_open(&limits);
    pidgin = pidgin_enter(scene, "tomas");
    call_open(&call, scene, pidgin);
    start = now_ms();
    for (int i = 0; i < 50; i++) {
        call_say(&call, "INFO", REQURI);
    }
    for (int i = 0; i < 50; i++) {
        client_await(pidgin->client, 200);
    }
    assert_in_range(now_ms() - start, 1000, 4000);
    pidgin_leave(pidgin);
    scene_close(scene);
}

/* Measure how long a delivery takes to a client that behaves. */
static uint64_t worst_delivery_ms(struct scene *scene, struct call *good,
                                  struct call *bad, const char *body)
{
    uint64_t worst = 0;

    for (int i = 0; i < 200; i++) {
        edge_ref refs[2] = {bad->ref, good->ref};
        uint64_t start = now_ms();
        struct heard heard;

        scene_deliver(scene, refs, 2, body, (uint64_t)i + 1);
        heard = call_hear_info(good);
        heard_free(&heard);
        if (now_ms() - start > worst) {
            worst = now_ms() - start;
        }
    }
    return worst;
}

/* A client that does not read is closed by what waits for it, or by time, and
 * nobody else notices. */
static void test_slow_reader__loses_its_connection(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct pidgin *good, *bad;
    struct call to_good, to_bad;
    struct scene *scene;
    char *body = malloc(64 * 1024 + 1);
    int small = 4096;

    (void)state;
    memset(body, 'x', 64 * 1024);
    body[64 * 1024] = '\0';
    limits.queue_bytes_max = 4 * 1024 * 1024;
    scene = scene_open(&limits);
    good = pidgin_enter(scene, "tomas");
    bad = pidgin_enter(scene, "ingrid");
    call_open(&to_good, scene, good);
    call_open(&to_bad, scene, bad);
    setsockopt(bad->client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_in_range(worst_delivery_ms(scene, &to_good, &to_bad, body), 0, 250);
    assert_int_equal(scene_expect(scene, INTAKE_DIALOG_CLOSED).ref, to_bad.ref);
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_OVERFLOWS), 1);
    free(body);
    pidgin_leave(good);
    pidgin_leave(bad);
    scene_close(scene);
}

/* Little waits for it, but nothing moves: time decides. The same for one that
 * reads and never answers. */
static void test_stuck__is_closed_in_time(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct pidgin *deaf, *mute;
    struct call to_deaf, to_mute;
    struct scene *scene;
    char *body = malloc(1024 * 1024 + 1);

    (void)state;
    memset(body, 'x', 1024 * 1024);
    body[1024 * 1024] = '\0';
    limits.stuck_ms = 1500;
    scene = scene_open(&limits);
    deaf = pidgin_enter(scene, "tomas");
    mute = pidgin_enter(scene, "ingrid");
    call_open(&to_deaf, scene, deaf);
    call_open(&to_mute, scene, mute);
    for (int i = 0; i < 8; i++) {
        scene_deliver(scene, &to_deaf.ref, 1, body, 1);
    }
    scene_deliver(scene, &to_mute.ref, 1, "<x/>", 1);
    client_await(mute->client, 0);
    client_expect_close(mute->client, WAIT_MS);
    scene_wait_gauge(scene, EDGE_METRIC_CONNECTIONS, 0);
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_STUCK), 2);
    free(body);
    pidgin_leave(deaf);
    pidgin_leave(mute);
    scene_close(scene);
}

/* A client that asks and asks and never reads is no longer read itself. */
static void test_flood__is_not_read_while_it_does_not_read(void **state)
{
    static const char one[] = OPTIONS "Content-Length: 0\r\n\r\n";
    struct scene *scene = *state;
    struct client *flood = client_connect(scene_port(scene, 0));
    struct client *other = client_connect(scene_port(scene, 0));
    struct timeval patience = {0, 300 * 1000};
    uint64_t seen, later;

    setsockopt(flood->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    for (int i = 0; i < 100000; i++) {
        if (send(flood->fd, one, sizeof(one) - 1, MSG_NOSIGNAL) <
            (ssize_t)sizeof(one) - 1) {
            break;
        }
    }
    do { /* Until it has stopped reading. */
        seen = edge_metric(scene->edge, EDGE_METRIC_REQUESTS);
        usleep(300 * 1000);
        later = edge_metric(scene->edge, EDGE_METRIC_REQUESTS);
    } while (later != seen && later < 100000);
    assert_in_range(later, 500, 50000);
    say(other, OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(other, 200);
    client_reset(flood);
    client_free(other);
}

/* Connections come and go by the thousand; memory does not grow. */
static void test_churn__leaks_nothing(void **state)
{
    enum { BATCH = 2500, BATCHES = 4 };
    struct scene *scene = *state;
    size_t used[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        for (int j = 0; j < BATCH; j++) {
            struct client *client = client_connect(scene_port(scene, 0));

            say(client, OPTIONS "Content-Length: 0\r\n\r\n");
            if (j % 2 == 0) {
                client_await(client, 200);
                client_free(client);
            } else {
                client_reset(client);
            }
        }
        used[i] = scene_memory(scene);
    }
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_ACCEPTED),
                     BATCH * BATCHES);
    assert_true(used[BATCHES - 1] <= used[0] + 16 * 1024);
}

/* The child of the next test: an edge with hardly any descriptors. */
static void serve_with_few_descriptors(int in, int out)
{
    struct rlimit few = {48, 48};
    struct rusage before, after;
    struct scene *scene = scene_open(NULL);
    uint16_t port = scene_port(scene, 0);
    long us;
    char go;

    setrlimit(RLIMIT_NOFILE, &few);
    if (write(out, &port, sizeof(port)) != sizeof(port) ||
        read(in, &go, 1) != 1) {
        _exit(1);
    }
    getrusage(RUSAGE_SELF, &before);
    usleep(1000 * 1000);
    getrusage(RUSAGE_SELF, &after);
    us = (after.ru_utime.tv_sec - before.ru_utime.tv_sec +
          after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
             1000000 +
         after.ru_utime.tv_usec - before.ru_utime.tv_usec +
         after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    if (write(out, &us, sizeof(us)) != sizeof(us) || read(in, &go, 1) != 1) {
        _exit(1);
    }
    scene_close(scene);
    _exit(0);
}

/* With all descriptors in use, callers are turned away, the edge does not
 * spin, and goes on when there are some again. */
static void test_descriptors__run_out(void **state)
{
    enum { CALLERS = 100 };
    struct client *callers[CALLERS], *late;
    int to[2], from[2], status;
    uint16_t port;
    long us;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(to) | pipe(from), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        serve_with_few_descriptors(to[0], from[1]);
    }
    assert_int_equal(read(from[0], &port, sizeof(port)), sizeof(port));
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = client_connect(port);
    }
    assert_int_equal(write(to[1], "x", 1), 1);
    assert_int_equal(read(from[0], &us, sizeof(us)), sizeof(us));
    assert_in_range(us, 0, 200 * 1000);
    for (int i = 0; i < CALLERS; i++) {
        client_free(callers[i]);
    }
    usleep(100 * 1000);
    late = client_connect(port);
    say(late, OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(late, 200);
    client_free(late);
    assert_int_equal(write(to[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(to[0]);
    close(to[1]);
    close(from[0]);
    close(from[1]);
}

/* No authentication is for loopback, unless the setting says otherwise. */
static void test_listener__open_on_loopback_only(void **state)
{
    struct scene *scene = *state;
    struct edge_settings settings = scene->settings;
    struct edge_listener listener = {.address = "0.0.0.0",
                                     .auth = EDGE_AUTH_NONE};
    struct edge *edge = NULL;

    settings.listeners = &listener;
    settings.n = 1;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_INVALID);
    settings.open_anywhere = true;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_NONE);
    edge_close(edge);
    settings.open_anywhere = false;
    listener.auth = EDGE_AUTH_DIGEST;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_NONE);
    edge_close(edge);
    listener.address = "not an address";
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_INVALID);
}

/* IPv6 is served like IPv4, loopback and all. */
static void test_listener__ipv6(void **state)
{
    struct scene *scene = *state;
    struct edge_settings settings = scene->settings;
    struct edge_listener listener = {.address = "::1", .auth = EDGE_AUTH_NONE};
    struct edge *edge = NULL;
    struct client *client;

    settings.listeners = &listener;
    settings.n = 1;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_NONE);
    client = client_connect_ipv6(edge_port(edge, 0));
    say(client, OPTIONS "Content-Length: 0\r\n\r\n");
    client_await(client, 200);
    client_free(client);
    edge_close(edge);
}

/* Two edges share a port; one that leaves takes no new connections. */
static void test_listener__is_shared(void **state)
{
    struct scene *scene = *state;
    struct edge_settings settings = scene->settings;
    struct edge_listener listener = {.address = "127.0.0.1",
                                     .auth = EDGE_AUTH_NONE};
    struct edge *edge = NULL;
    unsigned served = 0;

    settings.listeners = &listener;
    settings.n = 1;
    settings.edge = 2;
    listener.port = scene_port(scene, 0);
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_NONE);
    for (int i = 0; i < 64; i++) {
        struct client *client = client_connect(listener.port);

        say(client, OPTIONS "Content-Length: 0\r\n\r\n");
        client_await(client, 200);
        client_free(client);
    }
    served = (unsigned)edge_metric(edge, EDGE_METRIC_ACCEPTED);
    assert_in_range(served, 8, 56);
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_ACCEPTED),
                     64 - served);
    edge_close(edge);
}

#define IN(test) RUN_IN(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_framing__broken_is_answered_and_closed),
        IN(test_framing__any_segments),
        IN(test_keep_alive__pong),
        RUN(test_keep_alive__crlf_after_output),
        IN(test_body__limits_of_the_signed_in),
        IN(test_malformed__is_counted),
        RUN(test_deadlines__before_sign_in),
        RUN(test_deadlines__steady_client_stays),
        RUN(test_deadlines__keep_alive),
        RUN(test_deadlines__expiry),
        RUN(test_deadlines__sign_in),
        RUN(test_caps__turn_away),
        RUN(test_caps__keep_descriptors_for_files),
        RUN(test_caps__partial_messages),
        RUN(test_rate__is_slowed_down),
        RUN(test_slow_reader__loses_its_connection),
        RUN(test_stuck__is_closed_in_time),
        IN(test_flood__is_not_read_while_it_does_not_read),
        IN(test_churn__leaks_nothing),
        RUN(test_descriptors__run_out),
        IN(test_listener__open_on_loopback_only),
        IN(test_listener__ipv6),
        IN(test_listener__is_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
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
    "OPTIONS " POOL_URI " SIP/2.0\r\nVia: SIP/2.0/TLS h\r\n"                   \
    "From: <sip:tomas@" DOMAIN ">;tag=1\r\nTo: <" POOL_URI ">\r\n"             \
    "Call-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

static struct client *connect_any(struct scene *scene)
{
    return client_connect_tls(scene_port(scene, LISTENER_TLS), 0, 0);
}

static void ask(struct client *client)
{
    client_say(client, OPTIONS, strlen(OPTIONS));
    client_await(client, 200);
}

/* TLS 1.2 and 1.3 are spoken, nothing older. */
static void test_versions(void **state)
{
    static const struct {
        int version;
        bool served;
    } cases[] = {{TLS1_1_VERSION, false},
                 {TLS1_2_VERSION, true},
                 {TLS1_3_VERSION, true}};
    uint16_t port = scene_port(*state, LISTENER_TLS);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client =
            client_connect_tls(port, cases[i].version, cases[i].version);

        assert_int_equal(!client->closed, cases[i].served);
        if (cases[i].served) {
            ask(client);
        }
        client_free(client);
    }
}

/* The whole flow over TLS: digest sign-in, dialog, a large body both ways. */
static void test_flow__over_tls(void **state)
{
    enum { LARGE = 60 * 1000 };
    struct scene *scene = *state;
    struct pidgin *pidgin = calloc(1, sizeof(*pidgin));
    char *text = malloc(LARGE + 1);
    struct buffer body = BUFFER_EMPTY;
    struct heard heard;
    struct call call;

    memset(text, 'x', LARGE);
    text[LARGE] = '\0';
    buffer_printf(&body, POST("%s"), text);
    buffer_append(&body, "", 1);
    scene->echo = true;
    pidgin->client = connect_any(scene);
    pidgin->user = "tomas";
    pidgin_register(pidgin, "");
    heard = client_expect(pidgin->client, 407);
    pidgin_register_again(pidgin, &heard, "tomas@" DOMAIN, "hav");
    heard_free(&heard);
    client_await(pidgin->client, 200);
    call_open(&call, scene, pidgin);
    for (int i = 0; i < 5; i++) {
        call_say(&call, "INFO", (const char *)body.data);
        client_await(pidgin->client, 200);
        heard = call_hear_info(&call);
        assert_non_null(strstr(heard_header(&heard, "Via"), "SIP/2.0/TLS "));
        assert_non_null(strstr(heard.body, text));
        heard_free(&heard);
    }
    buffer_deinit(&body);
    free(text);
    pidgin_leave(pidgin);
}

/* Encrypt without sending; the caller sends the record in parts. */
static size_t encrypt(struct client *client, const char *text, uint8_t *to,
                      size_t size)
{
    BIO *memory = BIO_new(BIO_s_mem());
    int n;

    SSL_set0_wbio(client->ssl, memory);
    assert_int_equal(SSL_write(client->ssl, text, (int)strlen(text)),
                     (int)strlen(text));
    n = BIO_read(memory, to, (int)size);
    assert_true(n > 0);
    SSL_set0_wbio(client->ssl, BIO_new_socket(client->fd, BIO_NOCLOSE));
    return (size_t)n;
}

static void send_raw(struct client *client, const uint8_t *bytes, size_t len)
{
    assert_int_equal(write(client->fd, bytes, len), (ssize_t)len);
}

/* One peer speaks plain text to the TLS port just while an innocent one's
 * record is half there: the innocent one is not disturbed. */
static void test_plain_text__disturbs_nobody(void **state)
{
    struct scene *scene = *state;
    struct client *innocent = connect_any(scene);
    uint8_t record[4096];
    size_t len;

    ask(innocent);
    for (int i = 0; i < 5; i++) {
        struct client *bad = client_connect(scene_port(scene, LISTENER_TLS));

        len = encrypt(innocent, OPTIONS, record, sizeof(record));
        send_raw(innocent, record, len / 2);
        usleep(20 * 1000);
        client_say(bad, OPTIONS, strlen(OPTIONS));
        client_expect_close(bad, WAIT_MS);
        client_free(bad);
        send_raw(innocent, record + len / 2, len - len / 2);
        client_await(innocent, 200);
    }
    assert_int_equal(edge_metric(scene->edge, EDGE_METRIC_TLS_FAILED), 5);
    client_free(innocent);
}

/* A record that was tampered with ends its own connection alone. */
static void test_bad_record__ends_its_own_connection(void **state)
{
    struct scene *scene = *state;
    struct client *bad = connect_any(scene);
    struct client *good = connect_any(scene);
    uint8_t record[4096];
    size_t len;

    ask(bad);
    len = encrypt(bad, OPTIONS, record, sizeof(record));
    record[len - 1] ^= 1;
    send_raw(bad, record, len);
    client_expect_close(bad, WAIT_MS);
    ask(good);
    client_free(bad);
    client_free(good);
}

/* A handshake that stops is ended in time. Those beyond the limit wait their
 * turn, and get it. */
static void test_handshakes__stall_and_queue(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct client *stalled[2], *waiting, *gone;
    struct scene *scene;
    uint64_t start = now_ms();

    (void)state;
    limits.handshakes_max = 2;
    limits.handshake_ms = 1500;
    scene = scene_open(&limits);
    for (int i = 0; i < 2; i++) {
        stalled[i] = client_connect(scene_port(scene, LISTENER_TLS));
        client_say(stalled[i], "\x16\x03\x01\x02", 4);
    }
    scene_wait_metric(scene, EDGE_METRIC_HANDSHAKES, 2);
    gone = client_connect(scene_port(scene, LISTENER_TLS));
    usleep(1000 * 1000);
    client_free(gone); /* Left while it waited. */
    waiting = connect_any(scene);
    assert_false(waiting->closed);
    assert_true(now_ms() - start >= 1400);
    ask(waiting);
    for (int i = 0; i < 2; i++) {
        client_expect_close(stalled[i], WAIT_MS);
        client_free(stalled[i]);
    }
    scene_wait_gauge(scene, EDGE_METRIC_HANDSHAKES, 0);
    client_free(waiting);
    scene_close(scene);
}

/* Whoever still waits for his turn when the node leaves is closed, not served
 * with keys that are gone. */
static void test_handshakes__drained_while_waiting(void **state)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    struct client *stalled, *waiting;
    struct scene *scene;

    (void)state;
    limits.handshakes_max = 1;
    limits.handshake_ms = 1000;
    scene = scene_open(&limits);
    stalled = client_connect(scene_port(scene, LISTENER_TLS));
    scene_wait_metric(scene, EDGE_METRIC_HANDSHAKES, 1);
    usleep(500 * 1000);
    waiting = client_connect(scene_port(scene, LISTENER_TLS));
    scene_wait_metric(scene, EDGE_METRIC_CONNECTIONS, 2);
    edge_drain(scene->edge, NULL, 0, 100);
    client_expect_close(stalled, WAIT_MS);
    client_expect_close(waiting, WAIT_MS);
    client_free(stalled);
    client_free(waiting);
    scene_close(scene);
}

/* Tell whether the certificate in use ends in about so many days. */
static bool ends_in(struct scene *scene, int days)
{
    int64_t left_s = edge_certificate_expires_s(scene->edge) - time(NULL);

    return left_s > days * 86400 - 3600 && left_s <= days * 86400;
}

/* New certificates are for new connections; those that are open go on. Files
 * that are wrong change nothing, and no file does before it is loaded. */
static void test_certificates__are_reloaded(void **state)
{
    struct scene *scene = *state;
    struct client *before = connect_any(scene), *after, *still;

    assert_string_equal(before->peer_name, "first." DOMAIN);
    assert_true(ends_in(scene, 90));
    scene_renew_certificate(scene, "second." DOMAIN, 60);
    assert_true(ends_in(scene, 90));
    assert_int_equal(edge_reload_certificates(scene->edge), ERROR_NONE);
    scene_wait_metric(scene, EDGE_METRIC_CERTIFICATE_LOADS, 1);
    after = connect_any(scene);
    assert_string_equal(after->peer_name, "second." DOMAIN);
    assert_true(ends_in(scene, 60));
    ask(before);
    ask(after);
    scene_renew_certificate(scene, "third." DOMAIN, 30);
    unlink(scene->listeners[LISTENER_TLS].key_file);
    assert_int_equal(edge_reload_certificates(scene->edge), ERROR_TLS);
    still = connect_any(scene);
    assert_string_equal(still->peer_name, "second." DOMAIN);
    assert_true(ends_in(scene, 60));
    client_free(before);
    client_free(after);
    client_free(still);
}

/* A key that is not the certificate's is found when the edge opens. */
static void test_certificates__must_match(void **state)
{
    struct scene *scene = *state;
    struct edge_settings settings = scene->settings;
    struct edge_listener listener = scene->listeners[LISTENER_TLS];
    struct edge *edge = NULL;

    listener.key_file = "/nonexistent/key.pem";
    settings.listeners = &listener;
    settings.n = 1;
    assert_int_equal(edge_open(&edge, &settings, scene->intake), ERROR_TLS);
    assert_null(edge);
}

static void come_and_go(struct scene *scene, int how)
{
    struct client *client;

    if (how == 3) {
        client = client_connect(scene_port(scene, LISTENER_TLS));
        client_say(client, "\x16\x03\x01", 3);
        client_reset(client);
        return;
    }
    client = connect_any(scene);
    ask(client);
    if (how == 2) {
        SSL_shutdown(client->ssl);
    }
    client_free(client);
}

/* Clients that vanish in the middle of anything leave nothing behind. */
static void test_churn__leaks_nothing(void **state)
{
    enum { BATCH = 300, BATCHES = 4 };
    struct scene *scene = *state;
    size_t used[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        for (int j = 0; j < BATCH; j++) {
            come_and_go(scene, j % 4);
        }
        used[i] = scene_memory(scene);
    }
    assert_true(used[BATCHES - 1] <= used[0] + 64 * 1024);
}

#define IN(test) RUN_IN(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_versions),
        IN(test_flow__over_tls),
        IN(test_plain_text__disturbs_nobody),
        IN(test_bad_record__ends_its_own_connection),
        RUN(test_handshakes__stall_and_queue),
        RUN(test_handshakes__drained_while_waiting),
        IN(test_certificates__are_reloaded),
        IN(test_certificates__must_match),
        IN(test_churn__leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

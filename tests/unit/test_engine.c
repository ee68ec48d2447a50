#include "tests/unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/sip/connection.h"
#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/registrar.h"
#include "node/sip/stream.h"
#include "proto/base/journal.h"
#include "tests/sip/client.h"

/* An edge on the test's own thread, so that time and state can be looked at
 * and set. Clients are socket pairs. */
struct desk {
    struct loop *loop; /* The state loop's. */
    struct letters *intake;
    struct edge *edge;
    uint64_t token; /* Of the last sign-in asked for. */
    edge_ref asker;
    int opened;
    int closed;
};

static void receive(void *context, struct letter_list *list)
{
    struct desk *desk = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct intake *intake = (struct intake *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        if (letter->kind == INTAKE_SIGN_IN) {
            desk->token = intake->sign_in.token;
            desk->asker = intake->ref;
        }
        desk->opened += letter->kind == INTAKE_DIALOG_OPENED;
        desk->closed += letter->kind == INTAKE_DIALOG_CLOSED;
        intake_free(intake);
    }
}

static int set_up(void **state)
{
    static const struct edge_listener listeners[] = {
        {.address = "127.0.0.1", .auth = EDGE_AUTH_NONE},
        {.address = "127.0.0.1", .auth = EDGE_AUTH_DIGEST}};
    struct edge_settings settings = {.edge = 0,
                                     .node = 1,
                                     .domain = "fjord.example",
                                     .host = "node1.fjord.example",
                                     .listeners = listeners,
                                     .n = 2,
                                     .limits = EDGE_LIMITS_DEFAULT};
    struct desk *desk = calloc(1, sizeof(*desk));

    signal(SIGPIPE, SIG_IGN); /* As an edge's own thread has it. */
    journal_configure(JOURNAL_ERROR, false, false);
    desk->loop = loop_new();
    desk->intake = letters_new(desk->loop, 1024, receive, desk);
    *state = desk;
    return edge_new(&desk->edge, &settings, desk->intake) != ERROR_NONE;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    struct letter_list left;

    edge_free(desk->edge);
    letters_close(desk->intake, &left);
    receive(desk, &left);
    letters_free(desk->intake);
    loop_free(desk->loop);
    assert_int_equal(desk->opened, desk->closed);
    free(desk);
    return 0;
}

static void turn(struct desk *desk)
{
    for (int i = 0; i < 3; i++) {
        uv_run(loop_uv(desk->edge->loop), UV_RUN_NOWAIT);
        uv_run(loop_uv(desk->loop), UV_RUN_NOWAIT);
    }
}

/* Connect a client. Returns the edge's side. */
static struct connection *come(struct desk *desk, size_t listener,
                               struct client **client)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    *client = client_of(pair[1]);
    return connection_adopt(&desk->edge->listeners[listener], pair[0]);
}

static void answer_sign_in(struct desk *desk, uint64_t token)
{
    struct delivery *delivery = delivery_new(DELIVERY_SIGN_IN, desk->asker);

    delivery->sign_in.token = token;
    delivery->sign_in.result = SIGN_IN_FOUND;
    delivery->sign_in.user_uri = arena_copy_slice(
        delivery->arena, SLICE_LITERAL("sip:tomas@fjord.example"));
    delivery->sign_in.pool_uri = arena_copy_slice(
        delivery->arena, SLICE_LITERAL("sip:pool@fjord.example"));
    registrar_answer(desk->edge, delivery);
    delivery_free(delivery);
}

#define REGISTER(extra)                                                        \
    "REGISTER sip:fjord.example SIP/2.0\nVia: SIP/2.0/tcp h\n"                 \
    "From: <sip:tomas@fjord.example>;tag=1\n"                                  \
    "To: <sip:tomas@fjord.example>\nCall-ID: r\nCSeq: 1 REGISTER\n" extra      \
    "Content-Length: 0\n\n"

/* A nonce is good for a minute. Fresh, these credentials go to the state loop;
 * a moment later than that they are challenged anew. */
static void test_nonce__lives_a_minute(void **state)
{
    struct desk *desk = *state;

    for (int late = 0; late < 2; late++) {
        struct client *client;
        struct connection *connection = come(desk, 1, &client);
        struct heard heard;

        client_say_text(client, REGISTER(""));
        turn(desk);
        client_await(client, 407);
        connection->nonce_ms -= NONCE_LIFE_MS - 1000 + 2000 * (unsigned)late;
        desk->token = 0;
        client_say_text(
            client,
            REGISTER("Proxy-Authorization: Digest username=\"tomas\", "
                     "realm=\"fjord.example\", nonce=\"%s\", uri=\"(null)\", "
                     "qop=auth, nc=00000001, cnonce=\"1\", "
                     "response=\"00000000000000000000000000000000\"\n"),
            connection->nonce);
        turn(desk);
        if (late) {
            heard = client_expect(client, 407);
            assert_non_null(strstr(heard.text, "stale=true"));
            heard_free(&heard);
            assert_int_equal(desk->token, 0);
        } else {
            assert_int_not_equal(desk->token, 0);
        }
        client_free(client);
        turn(desk);
    }
}

/* An answer to a sign-in that was given up on is not taken for the next one's
 * answer, nor is one for a connection that is gone. */
static void test_registrar_answer__belongs_to_its_sign_in(void **state)
{
    struct desk *desk = *state;
    struct client *client;
    struct connection *connection = come(desk, 0, &client);
    uint64_t old;

    client_say_text(client, REGISTER(""));
    turn(desk);
    old = desk->token;
    registrar_expire(connection);
    turn(desk);
    client_await(client, 503);
    answer_sign_in(desk, old);
    assert_int_equal(connection->state, CONNECTION_STRANGER);
    client_say_text(client, REGISTER(""));
    turn(desk);
    answer_sign_in(desk, old);
    assert_int_equal(connection->state, CONNECTION_CHECKING);
    answer_sign_in(desk, desk->token);
    assert_int_equal(connection->state, CONNECTION_SIGNED_IN);
    client_free(client);
    turn(desk);
    answer_sign_in(desk, desk->token);
    assert_int_equal(edge_metric(desk->edge, EDGE_METRIC_CONNECTIONS), 0);
}

static struct dialog *invite(struct desk *desk, struct client *client,
                             struct connection *connection)
{
    client_say_text(client, REGISTER(""));
    turn(desk);
    answer_sign_in(desk, desk->token);
    turn(desk);
    client_await(client, 200);
    client_say_text(client, "INVITE sip:pool@fjord.example SIP/2.0\n"
                            "Via: SIP/2.0/tcp h\n"
                            "From: <sip:tomas@fjord.example>;tag=same\n"
                            "To: <sip:pool@fjord.example>\nCall-ID: same\n"
                            "CSeq: 1 INVITE\nContent-Length: 0\n\n");
    turn(desk);
    client_await(client, 200);
    assert_int_equal(connection->dialogs_n, 1);
    return LIST_FIRST(&connection->dialogs);
}

/* The dialog table: the same Call-ID and tags on two connections are two
 * dialogs, each found on its own connection alone. */
static void test_dialog_find__by_connection(void **state)
{
    struct desk *desk = *state;
    struct client *clients[2];
    struct connection *connections[2];
    struct dialog *dialogs[2];

    for (int i = 0; i < 2; i++) {
        connections[i] = come(desk, 0, &clients[i]);
        dialogs[i] = invite(desk, clients[i], connections[i]);
    }
    assert_ptr_not_equal(dialogs[0], dialogs[1]);
    assert_int_not_equal(dialogs[0]->ref, dialogs[1]->ref);
    for (int i = 0; i < 2; i++) {
        struct slice own = slice_of_text(dialogs[i]->local_tag);
        struct slice other = slice_of_text(dialogs[1 - i]->local_tag);
        struct slice call_id = SLICE_LITERAL("same");

        assert_ptr_equal(dialog_find_tag(connections[i], own, call_id),
                         dialogs[i]);
        assert_null(dialog_find_tag(connections[i], other, call_id));
        assert_null(
            dialog_find_tag(connections[i], own, SLICE_LITERAL("other")));
        assert_ptr_equal(slots_find(&desk->edge->dialogs, dialogs[i]->ref),
                         dialogs[i]);
    }
    for (int i = 0; i < 2; i++) {
        edge_ref ref = dialogs[i]->ref;

        client_free(clients[i]);
        turn(desk);
        assert_null(slots_find(&desk->edge->dialogs, ref));
    }
    assert_int_equal(desk->closed, 2);
}

/* Settings that cannot be are named and refused. */
static void test_engine_new__checks_settings(void **state)
{
    struct desk *desk = *state;
    struct edge_settings good = desk->edge->settings, bad;
    struct edge *edge = NULL;

    journal_configure(JOURNAL_ERROR, false, false);
    bad = good;
    bad.node = 0;
    assert_int_equal(edge_new(&edge, &bad, desk->intake), ERROR_INVALID);
    bad = good;
    bad.domain = "";
    assert_int_equal(edge_new(&edge, &bad, desk->intake), ERROR_INVALID);
    bad = good;
    bad.n = LISTENERS_MAX + 1;
    assert_int_equal(edge_new(&edge, &bad, desk->intake), ERROR_INVALID);
    bad = good;
    bad.limits.in_flight_max = 0;
    assert_int_equal(edge_new(&edge, &bad, desk->intake), ERROR_INVALID);
    bad = good;
    bad.limits.expires_min_s = bad.limits.expires_max_s + 1;
    assert_int_equal(edge_new(&edge, &bad, desk->intake), ERROR_INVALID);
    assert_null(edge);
}

#define IN(test) RUN_IN(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_nonce__lives_a_minute),
        IN(test_registrar_answer__belongs_to_its_sign_in),
        IN(test_dialog_find__by_connection),
        IN(test_engine_new__checks_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whatever a client may say: framing, parsing, sign-in, dialogs and answers of
 * one connection of a real edge, on one thread.
 *
 * The input's first byte says how far the client has come before it says the
 * rest, and in which pieces that arrives. "TAG" in the input stands for the
 * dialog's own tag, which no fuzzer would guess.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/sip/connection.h"
#include "node/sip/dialog.h"
#include "node/sip/engine.h"
#include "node/sip/stream.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct loop *state_loop;
static struct letters *intake;
static struct edge *edge;

#define FROM "From: <sip:tomas@fjord.example>;tag=1;epid=9a\r\n"
#define SIGN_IN                                                                \
    "REGISTER sip:fjord.example SIP/2.0\r\nVia: SIP/2.0/tcp h\r\n" FROM        \
    "To: <sip:tomas@fjord.example>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n"      \
    "Contact: <sip:h>\r\nContent-Length: 0\r\n\r\n"
#define INVITE                                                                 \
    "INVITE sip:pool@fjord.example SIP/2.0\r\nVia: SIP/2.0/tcp h\r\n" FROM     \
    "To: <sip:pool@fjord.example>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n"         \
    "Contact: <sip:h>\r\nContent-Length: 0\r\n\r\n"

static void send_delivery(struct delivery *delivery)
{
    if (letters_send_reply(edge->deliveries, &delivery->letter) != ERROR_NONE) {
        delivery_free(delivery);
    }
}

static void let_in(const struct intake *asked)
{
    struct delivery *delivery = delivery_new(DELIVERY_SIGN_IN, asked->ref);

    delivery->sign_in.token = asked->sign_in.token;
    delivery->sign_in.result = SIGN_IN_FOUND;
    delivery->sign_in.user_uri =
        arena_copy_slice(delivery->arena, asked->sign_in.user_uri);
    delivery->sign_in.pool_uri = arena_copy_slice(
        delivery->arena, SLICE_LITERAL("sip:pool@fjord.example"));
    send_delivery(delivery);
}

static void answer(const struct intake *asked)
{
    struct delivery *delivery = delivery_new(DELIVERY_ANSWER, asked->ref);

    delivery->answer.token = asked->request.token;
    delivery->answer.status = 200;
    send_delivery(delivery);
}

static void deliver(edge_ref dialog)
{
    struct delivery *delivery = delivery_new(DELIVERY_BODY, 0);

    delivery->body.body = body_new(SLICE_LITERAL("<xccos/>"));
    delivery->body.mark.log_index = 1;
    delivery->body.n = 1;
    delivery->body.dialogs = arena_alloc(delivery->arena, sizeof(edge_ref));
    delivery->body.dialogs[0] = dialog;
    send_delivery(delivery);
}

static void receive(void *context, struct letter_list *list)
{
    struct letter *letter;

    (void)context;
    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct intake *asked = (struct intake *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        if (letter->kind == INTAKE_SIGN_IN) {
            let_in(asked);
        } else if (letter->kind == INTAKE_DIALOG_OPENED) {
            deliver(asked->ref);
        } else if (letter->kind == INTAKE_REQUEST) {
            answer(asked);
        }
        intake_free(asked);
    }
}

/* Let both loops do what is due. */
static void turn(int peer)
{
    char answers[65536];

    for (int i = 0; i < 3; i++) {
        uv_run(loop_uv(state_loop), UV_RUN_NOWAIT);
        uv_run(loop_uv(edge->loop), UV_RUN_NOWAIT);
    }
    while (recv(peer, answers, sizeof(answers), MSG_DONTWAIT) > 0) {
    }
}

static void begin(void)
{
    static const struct edge_listener listener = {.address = "127.0.0.1",
                                                  .auth = EDGE_AUTH_NONE};
    struct edge_settings settings = {.edge = 1,
                                     .node = 1,
                                     .domain = "fjord.example",
                                     .host = "node1.fjord.example",
                                     .listeners = &listener,
                                     .n = 1,
                                     .limits = EDGE_LIMITS_DEFAULT};

    settings.limits.body_bytes_max = 4096;
    journal_configure(JOURNAL_ERROR, false, false);
    state_loop = loop_new();
    intake = letters_new(state_loop, INTAKES_WAITING_MAX, receive, NULL);
    CHECK(edge_new(&edge, &settings, intake) == ERROR_NONE);
}

static void say(struct connection *connection, struct slice text)
{
    if (connection_is_live(connection) && connection->paused == 0) {
        stream_take(connection, text);
    }
}

/* Put the dialog's tag where the input asks for it. */
static void expand(struct buffer *out, struct slice input,
                   const struct connection *connection)
{
    const struct dialog *dialog = LIST_FIRST(&connection->dialogs);

    while (input.len > 0) {
        if (dialog != NULL && slice_begins(input, SLICE_LITERAL("TAG"))) {
            buffer_append_text(out, dialog->local_tag);
            input = slice_after(input, 3);
        } else {
            buffer_append(out, input.data, 1);
            input = slice_after(input, 1);
        }
    }
}

static void say_in_pieces(struct connection *connection, edge_ref ref,
                          struct slice text, size_t piece, int peer)
{
    while (text.len > 0 && slots_find(&edge->connections, ref) != NULL) {
        size_t n = text.len < piece ? text.len : piece;

        say(connection, slice_of(text.data, n));
        text = slice_after(text, n);
        turn(peer);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buffer input = BUFFER_EMPTY;
    struct connection *connection;
    uint8_t how = len > 0 ? data[0] : 0;
    int pair[2];
    edge_ref ref;

    if (edge == NULL) {
        begin();
    }
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    connection = connection_adopt(&edge->listeners[0], pair[0]);
    ref = connection->ref;
    if (how & 1) {
        say(connection, SLICE_LITERAL(SIGN_IN));
        turn(pair[1]);
    }
    if (how & 2) {
        say(connection, SLICE_LITERAL(INVITE));
        turn(pair[1]);
    }
    expand(&input, slice_after(slice_of(data, len), 1), connection);
    say_in_pieces(connection, ref, buffer_slice(&input),
                  how & 4 ? 1 + how / 8 : READ_BYTES, pair[1]);
    if (slots_find(&edge->connections, ref) != NULL) {
        connection_close(connection, ENDING_PEER_CLOSED);
    }
    turn(pair[1]);
    CHECK(edge_metric(edge, EDGE_METRIC_CONNECTIONS) == 0);
    CHECK(edge_metric(edge, EDGE_METRIC_DIALOGS) == 0 &&
          edge->partial_bytes == 0);
    close(pair[1]);
    buffer_deinit(&input);
    return 0;
}

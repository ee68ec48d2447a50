#include <inttypes.h>
#include <stdlib.h>

#include "node/admin/actor.h"
#include "node/admin/server_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"

#define TO(state) (1u << CLIENT_##state)

static const unsigned may_follow[CLIENT_STATES] = {
    [CLIENT_HANDSHAKING] = TO(LISTENING) | TO(CLOSED),
    [CLIENT_LISTENING] = TO(ASKED) | TO(ANSWERING) | TO(CLOSED),
    [CLIENT_ASKED] = TO(ANSWERING) | TO(CLOSED),
    [CLIENT_ANSWERING] = TO(LISTENING) | TO(CLOSED),
    [CLIENT_CLOSED] = 0,
};

/* Bytes on their way to the client. */
struct job {
    uv_write_t write;
    struct client *client;
    struct buffer bytes;
    bool answers; /* It is a whole reply, not TLS's own. */
};

/* The one place a client changes state. */
static void client_move(struct client *client, enum client_state next)
{
    struct clients *clients = &client->server->clients;

    CHECK(may_follow[client->state] & (1u << next));
    client->state = next;
    client->since_us = loop_now_us(client->server->loop);
    TAILQ_REMOVE(clients, client, link);
    if (next != CLIENT_CLOSED) {
        TAILQ_INSERT_TAIL(clients, client, link);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    tls_free(client->tls);
    frame_reader_deinit(&client->reader);
    free(client);
}

void client_close(struct client *client)
{
    if (client->state == CLIENT_CLOSED) {
        return;
    }
    client_move(client, CLIENT_CLOSED);
    client->server->n_clients--;
    meter_set(&client->server->meters.clients,
              (int64_t)client->server->n_clients);
    uv_close(&client->uv.handle, on_closed);
}

void client_asked(struct client *client)
{
    client_move(client, CLIENT_ASKED);
}

static void listen_on(struct client *client);

static void on_written(uv_write_t *write, int status)
{
    struct job *job = write->data;
    struct client *client = job->client;
    bool answered = job->answers && client->state == CLIENT_ANSWERING;

    buffer_deinit(&job->bytes);
    free(job);
    if (status != 0 || (answered && client->ends)) {
        client_close(client);
    } else if (answered) {
        client_move(client, CLIENT_LISTENING);
        listen_on(client);
    }
}

/* @bytes is taken over. */
static void send_bytes(struct client *client, struct buffer *bytes,
                       bool answers)
{
    struct job *job = calloc(1, sizeof(*job));
    uv_buf_t span;

    CHECK(job != NULL);
    job->client = client;
    job->bytes = *bytes;
    job->answers = answers;
    job->write.data = job;
    *bytes = BUFFER_EMPTY;
    span = uv_buf_init((char *)job->bytes.data, (unsigned)job->bytes.len);
    if (uv_write(&job->write, &client->uv.stream, &span, 1, on_written) != 0) {
        buffer_deinit(&job->bytes);
        free(job);
        client_close(client);
    }
}

/* What TLS has to say by itself: of the handshake, alerts. */
static void send_tls(struct client *client)
{
    struct buffer wire = BUFFER_EMPTY;

    tls_take(client->tls, &wire);
    if (wire.len > 0) {
        send_bytes(client, &wire, false);
    }
    buffer_deinit(&wire);
}

void client_answer(struct client *client, struct buffer *frame)
{
    struct buffer wire = BUFFER_EMPTY;

    if (client->state == CLIENT_CLOSED) {
        buffer_deinit(frame);
        return;
    }
    client_move(client, CLIENT_ANSWERING);
    if (client->tls == NULL) {
        send_bytes(client, frame, true);
        return;
    }
    if (tls_write(client->tls, buffer_slice(frame)) == ERROR_NONE) {
        tls_take(client->tls, &wire);
    }
    buffer_deinit(frame);
    if (wire.len == 0 || buffer_failed(&wire)) {
        buffer_deinit(&wire);
        client_close(client);
        return;
    }
    send_bytes(client, &wire, true);
}

/* Have the frames answered that have come, one after the other. */
static void take_frames(struct client *client)
{
    struct frame frame;
    enum error error = ERROR_NONE;

    while (client->state == CLIENT_LISTENING && error == ERROR_NONE) {
        error = frame_reader_next(&client->reader, &frame);
        if (error == ERROR_NONE) {
            request_take(client, &frame);
        } else if (error != ERROR_TRUNCATED) {
            request_refuse_header(client, &frame, error);
        }
    }
}

/* TLS is up: who is it? */
static void welcome(struct client *client)
{
    if (!actor_read_certificate(&client->actor, client->tls, &client->uv.tcp)) {
        meter_add(&client->server->meters.strangers, 1);
        journal_warning("stranger_refused", "source=\"%s\"",
                        client->actor.source);
        /* It is told in the reply to whatever it asks. */
        client->ends = true;
    }
    client_move(client, CLIENT_LISTENING);
}

static void note_stranger(struct client *client)
{
    meter_add(&client->server->meters.strangers, 1);
    journal_warning("handshake_failed", "source=\"%s\" reason=\"%s\"",
                    client->actor.source, tls_failure(client->tls));
}

static enum error shake_hands(struct client *client)
{
    enum error error = tls_handshake(client->tls);

    if (error == ERROR_TLS) {
        note_stranger(client); /* Before it is told, so that it is counted. */
    }
    send_tls(client);
    if (client->state == CLIENT_CLOSED) {
        return ERROR_CLOSED;
    }
    if (error == ERROR_NONE) {
        welcome(client);
    }
    return error;
}

static enum error take_plain(struct client *client)
{
    enum error error = ERROR_NONE;
    size_t got = 1;

    while (got > 0 && error == ERROR_NONE) {
        uint8_t *room = frame_reader_room(&client->reader, SERVER_READ_BYTES);

        if (room == NULL) {
            return ERROR_NO_MEMORY;
        }
        error = tls_read(client->tls, room, SERVER_READ_BYTES, &got);
        frame_reader_filled(&client->reader, got);
    }
    return error;
}

static enum error take_wire(struct client *client, struct slice bytes)
{
    TRY(tls_receive(client->tls, bytes));
    if (client->state == CLIENT_HANDSHAKING) {
        enum error error = shake_hands(client);

        if (error != ERROR_NONE) {
            return error == ERROR_BUSY ? ERROR_NONE : error;
        }
    }
    return take_plain(client);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    struct client *client = handle->data;

    (void)suggested;
    *room = uv_buf_init(client->server->room, SERVER_READ_BYTES);
}

/* Half a conversation is of no use: whoever closes its side is gone. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct client *client = stream->data;
    enum error error = ERROR_CLOSED;

    if (n >= 0) {
        struct slice bytes = slice_of(room->base, (size_t)n);

        error = client->tls == NULL ? frame_reader_feed(&client->reader, bytes)
                                    : take_wire(client, bytes);
        admin_wipe(bytes);
    }
    if (error != ERROR_NONE) {
        client_close(client);
        return;
    }
    take_frames(client);
    if (client->state == CLIENT_ASKED || client->state == CLIENT_ANSWERING) {
        uv_read_stop(stream);
    }
}

/* What has come already goes first. */
static void listen_on(struct client *client)
{
    take_frames(client);
    if (client->state == CLIENT_LISTENING ||
        client->state == CLIENT_HANDSHAKING) {
        uv_read_start(&client->uv.stream, on_room, on_read);
    }
}

/* A handle that is ready to be accepted into, and closed by client_close. */
static struct client *client_new(struct server *server, bool far)
{
    struct client *client = calloc(1, sizeof(*client));
    uv_loop_t *uv = loop_uv(server->loop);

    CHECK(client != NULL);
    CHECK(far ? uv_tcp_init(uv, &client->uv.tcp) == 0
              : uv_pipe_init(uv, &client->uv.pipe, 0) == 0);
    client->uv.handle.data = client;
    client->server = server;
    client->id = ++server->id_last;
    client->state = far ? CLIENT_HANDSHAKING : CLIENT_LISTENING;
    client->since_us = loop_now_us(server->loop);
    frame_reader_init(&client->reader, admin_request_limits());
    TAILQ_INSERT_TAIL(&server->clients, client, link);
    server->n_clients++;
    meter_set(&server->meters.clients, (int64_t)server->n_clients);
    return client;
}

static bool know_actor(struct client *client, bool far)
{
    if (!far) {
        return actor_read_local(&client->actor, &client->uv.pipe);
    }
    actor_read_source(&client->actor, &client->uv.tcp);
    client->tls = tls_new(client->server->identity, false);
    return client->tls != NULL;
}

void client_accept(struct server *server, uv_stream_t *listener)
{
    bool far = listener == (uv_stream_t *)server->far;
    bool has_room = server_make_room(server);
    struct client *client = client_new(server, far);

    if (uv_accept(listener, &client->uv.stream) != 0 || !has_room ||
        !know_actor(client, far)) {
        client_close(client);
        return;
    }
    listen_on(client);
}

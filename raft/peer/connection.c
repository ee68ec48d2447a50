#include "raft/peer/connection.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/peer/greeting.h"
#include "raft/peer/remote.h"
#include "raft/peer/stream.h"

/* What the system may hold unsent: behind it a heartbeat waits. */
enum { UNSENT_BYTES_MAX = 128 * 1024 };

#define TO(state) (1u << CONNECTION_##state)

static const unsigned may_follow[CONNECTION_STATES] = {
    [CONNECTION_CONNECTING] = TO(SECURING) | TO(CLOSED),
    [CONNECTION_SECURING] = TO(GREETING) | TO(LEAVING) | TO(CLOSED),
    [CONNECTION_GREETING] = TO(OPEN) | TO(LEAVING) | TO(CLOSED),
    [CONNECTION_OPEN] = TO(LEAVING) | TO(CLOSED),
    [CONNECTION_LEAVING] = TO(CLOSED),
    [CONNECTION_CLOSED] = 0,
};

/* The one place a connection changes state. */
static void connection_move(struct connection *connection,
                            enum connection_state next)
{
    CHECK(may_follow[connection->state] & (1u << next));
    connection->state = next;
    CHECK(next != CONNECTION_OPEN || connection->remote != NULL);
}

struct transport_stats *peer_connection_stats(struct connection *connection)
{
    return connection->remote != NULL ? &connection->remote->stats
                                      : &connection->transport->strangers;
}

struct connection *peer_connection_new(struct transport *transport,
                                       struct remote *remote)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    uint64_t now_us = loop_now_us(transport->loop);

    if (connection == NULL) {
        return NULL;
    }
    if (uv_tcp_init(loop_uv(transport->loop), &connection->tcp) != 0) {
        free(connection);
        return NULL;
    }
    connection->transport = transport;
    connection->remote = remote;
    connection->dialed = remote != NULL;
    connection->state = CONNECTION_CONNECTING;
    connection->tcp.data = connection;
    connection->began_us = connection->heard_us = now_us;
    connection->asked_us = connection->moved_us = now_us;
    frame_reader_init(&connection->reader, peer_greeting_limits());
    outgoing_init(&connection->outgoing, transport->limits.class_bytes_max);
    TAILQ_INSERT_TAIL(&transport->connections, connection, link);
    transport->holds++;
    return connection;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct transport *transport = connection->transport;

    TAILQ_REMOVE(&transport->connections, connection, link);
    tls_free(connection->tls);
    frame_reader_deinit(&connection->reader);
    outgoing_deinit(&connection->outgoing);
    buffer_deinit(&connection->batch);
    buffer_deinit(&connection->out);
    free(connection);
    transport_release(transport);
}

void peer_connection_close(struct connection *connection)
{
    if (connection->state != CONNECTION_CLOSED) {
        connection_move(connection, CONNECTION_CLOSED);
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

static void read_address(struct connection *connection)
{
    struct sockaddr_storage address;
    int len = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "";

    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&address,
                           &len) != 0) {
        return;
    }
    uv_ip_name((struct sockaddr *)&address, host, sizeof(host));
    /* Both families keep the port at the same place. */
    snprintf(connection->address, sizeof(connection->address),
             address.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
             (unsigned)ntohs(((struct sockaddr_in *)&address)->sin_port));
}

/* A socket that will not be told these still works, only later. */
static void tune(struct connection *connection)
{
    int unsent = UNSENT_BYTES_MAX;
    uv_os_fd_t fd;

    uv_tcp_nodelay(&connection->tcp, 1);
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
                         sizeof(unsent));
    }
}

void peer_connection_secure(struct connection *connection)
{
    struct transport *transport = connection->transport;

    connection_move(connection, CONNECTION_SECURING);
    read_address(connection);
    tune(connection);
    if (transport->plain) {
        peer_connection_greet(connection);
    } else {
        connection->tls = tls_new(transport->identity, connection->dialed);
        if (connection->tls == NULL) {
            peer_connection_end(connection, TRANSPORT_NO_MEMORY, "");
            return;
        }
        peer_stream_receive(connection,
                            SLICE_NONE); /* A dialer speaks first. */
    }
    peer_stream_start(connection);
}

void peer_connection_greet(struct connection *connection)
{
    connection_move(connection, CONNECTION_GREETING);
    greeting_begin(connection);
}

void peer_connection_open(struct connection *connection, struct remote *remote,
                          const struct peer_hello *hello)
{
    connection->remote = remote;
    connection_move(connection, CONNECTION_OPEN);
    connection->opened_us = loop_now_us(connection->transport->loop);
    frame_reader_expect(&connection->reader, peer_limits());
    remote_connected(remote, connection, hello);
}

void peer_connection_touch(struct connection *connection)
{
    connection->to_flush = true;
    transport_wake(connection->transport);
}

enum error peer_connection_send(struct connection *connection,
                                const struct peer_message *message)
{
    enum error error = outgoing_put(&connection->outgoing, message);

    if (error == ERROR_BUSY) {
        peer_connection_stats(connection)->busy++;
    }
    peer_connection_touch(connection);
    return error;
}

/* Its fate is told; what is left is last words, if any, and the others who
 * must know. */
static void finish(struct connection *connection, enum transport_reason reason,
                   bool has_last_words)
{
    struct transport *transport = connection->transport;
    struct remote *remote = connection->remote;
    bool was_open = connection->state == CONNECTION_OPEN;

    peer_connection_stats(connection)->drops++;
    if (has_last_words) {
        connection_move(connection, CONNECTION_LEAVING);
        connection->left_us = loop_now_us(transport->loop);
        peer_connection_touch(connection);
    } else {
        peer_connection_close(connection);
    }
    if (remote != NULL) {
        remote_lost(remote, connection);
    }
    if (was_open && !transport->closing) {
        transport->events.disconnected(transport->context, remote->node,
                                       reason);
    }
}

static struct told *told_of(struct connection *connection)
{
    return connection->remote != NULL ? &connection->remote->told
                                      : &connection->transport->strangers_told;
}

static struct told_about about(struct connection *connection,
                               const char *detail)
{
    return (struct told_about){
        .node = connection->remote != NULL ? connection->remote->node : 0,
        .address = connection->address,
        .detail = detail,
    };
}

void peer_connection_end(struct connection *connection,
                         enum transport_reason reason, const char *detail)
{
    struct told_about who = about(connection, detail);

    if (connection->state >= CONNECTION_LEAVING) {
        return;
    }
    told_ended(told_of(connection), loop_now_us(connection->transport->loop),
               &who, reason);
    finish(connection, reason,
           reason == TRANSPORT_TLS &&
               connection->state != CONNECTION_CONNECTING);
}

void peer_connection_fail(struct connection *connection, int uv_error)
{
    char text[TOLD_ERROR_BYTES_MAX];

    peer_connection_end(connection, TRANSPORT_IO,
                        uv_strerror_r(uv_error, text, sizeof(text)));
}

void peer_connection_refuse(struct connection *connection,
                            enum peer_refusal refusal, const char *detail)
{
    struct told_about who = about(connection, detail);
    struct peer_message message = {
        .kind = PEER_REJECT,
        .reject = {.refusal = refusal},
    };

    CHECK(connection->state == CONNECTION_GREETING);
    told_refused(told_of(connection), loop_now_us(connection->transport->loop),
                 &who, refusal);
    peer_connection_stats(connection)->refused++;
    snprintf(message.reject.detail, sizeof(message.reject.detail), "%s",
             detail);
    /* Without memory for it the other side sees the connection close. */
    (void)outgoing_put(&connection->outgoing, &message);
    finish(connection, TRANSPORT_REFUSED, true);
}

void peer_connection_rejected(struct connection *connection,
                              const struct peer_reject *reject)
{
    struct told_about who = about(connection, reject->detail);

    told_rejected(told_of(connection), loop_now_us(connection->transport->loop),
                  &who, reject->refusal);
    finish(connection, TRANSPORT_REJECTED, false);
}

static bool is_past(uint64_t now_us, uint64_t since_us, uint32_t ms)
{
    return now_us > since_us + (uint64_t)ms * 1000;
}

/* libuv tells how much it still holds; a socket that takes none of it for as
 * long as a node may be silent belongs to a node that does not read. */
static bool is_stuck(struct connection *connection, uint64_t now_us)
{
    size_t held =
        uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);

    if (!connection->writing || held != connection->stuck) {
        connection->stuck = held;
        connection->moved_us = now_us;
    }
    return is_past(now_us, connection->moved_us,
                   connection->transport->limits.silent_ms);
}

static void check_open(struct connection *connection, uint64_t now_us)
{
    const struct transport_limits *limits = &connection->transport->limits;
    struct peer_message ask = {
        .kind = PEER_ALIVE,
        .alive = {.sent_us = now_us, .answer = false},
    };

    if (is_past(now_us, connection->heard_us, limits->silent_ms)) {
        peer_connection_end(connection, TRANSPORT_SILENT, "");
        return;
    }
    if (is_stuck(connection, now_us)) {
        peer_connection_end(connection, TRANSPORT_STUCK, "");
        return;
    }
    if (is_past(now_us, connection->asked_us, limits->alive_ms)) {
        connection->asked_us = now_us;
        /* When even this finds no room the silence will tell. */
        (void)peer_connection_send(connection, &ask);
    }
}

void peer_connection_check(struct connection *connection, uint64_t now_us)
{
    const struct transport_limits *limits = &connection->transport->limits;

    switch (connection->state) {
    case CONNECTION_CONNECTING:
        if (is_past(now_us, connection->began_us, limits->connect_ms)) {
            peer_connection_end(connection, TRANSPORT_TIMED_OUT, "connecting");
        }
        break;
    case CONNECTION_SECURING:
    case CONNECTION_GREETING:
        if (is_past(now_us, connection->began_us, limits->handshake_ms)) {
            peer_connection_end(connection, TRANSPORT_TIMED_OUT,
                                connection->state == CONNECTION_SECURING
                                    ? "TLS handshake"
                                    : "Hello");
        }
        break;
    case CONNECTION_OPEN:
        check_open(connection, now_us);
        break;
    case CONNECTION_LEAVING:
        if (is_past(now_us, connection->left_us, TRANSPORT_LEAVE_MS)) {
            peer_connection_close(connection);
        }
        break;
    default:
        break;
    }
}

#include "raft/peer/listener.h"

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/peer/connection.h"

enum { BACKLOG = 64 };

/* Strangers may not crowd out those who belong here: the one that has been
 * silent about itself longest makes room. */
static void make_room(struct transport *transport)
{
    struct connection *connection, *oldest = NULL;
    uint32_t strangers = 0;

    TAILQ_FOREACH (connection, &transport->connections, link) {
        if (connection->dialed || connection->state == CONNECTION_OPEN ||
            connection->state == CONNECTION_CLOSED) {
            continue;
        }
        strangers++;
        oldest = oldest == NULL ? connection : oldest;
    }
    if (strangers < transport->limits.strangers_max) {
        return;
    }
    peer_connection_end(oldest, TRANSPORT_CROWDED, "");
    peer_connection_close(oldest); /* One that was leaving has had its time. */
}

static void accept_one(struct transport *transport)
{
    struct connection *connection;

    make_room(transport);
    connection = peer_connection_new(transport, NULL);
    if (connection == NULL) {
        transport->accept_waits = true;
        return;
    }
    transport->accept_waits = false;
    transport->accepts_left--;
    if (uv_accept((uv_stream_t *)&transport->listener,
                  (uv_stream_t *)&connection->tcp) != 0) {
        peer_connection_close(connection);
        return;
    }
    peer_connection_secure(connection);
}

static void tell_accept_failed(struct transport *transport, int status)
{
    char text[TOLD_ERROR_BYTES_MAX];
    struct told_about about = {
        .address = "",
        .detail = uv_strerror_r(status, text, sizeof(text)),
    };

    told_ended(&transport->strangers_told, loop_now_us(transport->loop), &about,
               TRANSPORT_IO);
}

/* libuv accepts no further while the last one is not taken. */
static void on_connection(uv_stream_t *listener, int status)
{
    struct transport *transport = listener->data;

    if (status != 0) {
        tell_accept_failed(transport, status);
        return;
    }
    if (transport->accepts_left == 0) {
        transport->accept_waits = true;
        return;
    }
    accept_one(transport);
}

enum error peer_listener_open(struct transport *transport, const char *host,
                              uint16_t port)
{
    uv_stream_t *stream = (uv_stream_t *)&transport->listener;
    struct sockaddr_storage address;
    char text[TOLD_ERROR_BYTES_MAX];
    int result;

    if (uv_ip4_addr(host, port, (struct sockaddr_in *)&address) != 0) {
        result = uv_ip6_addr(host, port, (struct sockaddr_in6 *)&address);
        CHECK(result == 0); /* transport_settings_check saw to it. */
    }
    result = uv_tcp_bind(&transport->listener, (struct sockaddr *)&address, 0);
    if (result == 0) {
        result = uv_listen(stream, BACKLOG, on_connection);
    }
    if (result != 0) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      (unsigned)port,
                      uv_strerror_r(result, text, sizeof(text)));
        return error_from_errno(-result);
    }
    return ERROR_NONE;
}

void peer_listener_tick(struct transport *transport)
{
    transport->accepts_left = TRANSPORT_ACCEPTS_PER_TICK;
    if (transport->accept_waits && !transport->closing) {
        accept_one(transport);
    }
}

#include "raft/peer/stream.h"

#include <stdio.h>

#include "raft/peer/greeting.h"

enum {
    RECORD_BYTES = 16 * 1024, /* What a TLS record holds at most. */
    MESSAGE_ARENA_BYTES = 1024,
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *connection = handle->data;

    (void)suggested;
    *buf = uv_buf_init((char *)connection->transport->scratch,
                       TRANSPORT_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;

    if (connection->state == CONNECTION_CLOSED || n == 0) {
        return;
    }
    if (connection->state == CONNECTION_LEAVING) {
        if (n < 0) {
            peer_connection_close(connection);
        }
        return;
    }
    if (n == UV_EOF) {
        peer_connection_end(connection, TRANSPORT_CLOSED, "");
        return;
    }
    if (n < 0) {
        peer_connection_fail(connection, (int)n);
        return;
    }
    connection->heard_us = loop_now_us(connection->transport->loop);
    peer_connection_stats(connection)->bytes_received += (uint64_t)n;
    peer_stream_receive(connection, slice_of(buf->base, (size_t)n));
}

void peer_stream_start(struct connection *connection)
{
    int result;

    if (connection->state == CONNECTION_CLOSED) {
        return;
    }
    result = uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read);
    if (result != 0) {
        peer_connection_fail(connection, result);
    }
}

static void take_alive(struct connection *connection,
                       const struct peer_alive *alive)
{
    struct transport_stats *stats = peer_connection_stats(connection);
    uint64_t now_us = loop_now_us(connection->transport->loop);
    struct peer_message answer = {
        .kind = PEER_ALIVE,
        .alive = {.sent_us = alive->sent_us, .answer = true},
    };
    uint64_t rtt_us;

    if (!alive->answer) {
        (void)peer_connection_send(connection, &answer);
        return;
    }
    if (alive->sent_us > now_us) {
        return; /* Not what was asked; its silence is not ours to judge. */
    }
    rtt_us = now_us - alive->sent_us;
    stats->rtt_us =
        stats->rtt_us == 0 ? rtt_us : (stats->rtt_us * 7 + rtt_us) / 8;
}

static void dispatch(struct connection *connection,
                     const struct peer_message *message)
{
    struct transport *transport = connection->transport;

    if (connection->state == CONNECTION_GREETING) {
        greeting_take(connection, message);
        return;
    }
    switch (message->kind) {
    case PEER_HELLO:
        peer_connection_end(connection, TRANSPORT_UNEXPECTED, "a second Hello");
        break;
    case PEER_REJECT:
        peer_connection_rejected(connection, &message->reject);
        break;
    case PEER_ALIVE:
        take_alive(connection, &message->alive);
        break;
    default:
        transport->events.received(transport->context, connection->remote->node,
                                   message);
        break;
    }
}

/* Ends a connection whose bytes are not what they should be. */
static void refuse_frame(struct connection *connection,
                         const struct frame *frame, enum error error)
{
    enum transport_reason reason = TRANSPORT_MALFORMED;
    char detail[96];

    if (error == ERROR_TOO_LARGE) {
        reason = TRANSPORT_OVERSIZED;
    } else if (error == ERROR_NO_MEMORY) {
        reason = TRANSPORT_NO_MEMORY;
    } else if (error == ERROR_UNSUPPORTED && frame->kind < PEER_KINDS &&
               connection->state == CONNECTION_GREETING) {
        reason = TRANSPORT_UNEXPECTED;
    }
    snprintf(detail, sizeof(detail), "error=%s kind=%s(%u) bytes=%zu",
             error_name(error), peer_kind_name(frame->kind),
             (unsigned)frame->kind, frame->payload.len);
    peer_connection_end(connection, reason, detail);
}

static void take_frame(struct connection *connection, const struct frame *frame)
{
    struct arena *arena = arena_new(MESSAGE_ARENA_BYTES);
    enum error error = ERROR_NO_MEMORY;
    struct peer_message message;

    if (arena != NULL) {
        error = peer_read(frame->kind, frame->payload, arena, &message);
    }
    if (error == ERROR_NONE) {
        peer_connection_stats(connection)->frames_received++;
        dispatch(connection, &message);
    } else {
        refuse_frame(connection, frame, error);
    }
    arena_free(arena);
}

/* Any frame may end the connection, and with it the reading. */
static void take_frames(struct connection *connection)
{
    struct frame frame = {0, SLICE_NONE};

    while (connection->state == CONNECTION_GREETING ||
           connection->state == CONNECTION_OPEN) {
        enum error error = frame_reader_next(&connection->reader, &frame);

        if (error == ERROR_TRUNCATED) {
            return;
        }
        if (error != ERROR_NONE) {
            refuse_frame(connection, &frame, error);
            return;
        }
        take_frame(connection, &frame);
    }
}

/* Move what TLS has for us to the frame reader. Frames that came whole before
 * the other side's end count. */
static enum error decrypt(struct connection *connection)
{
    for (;;) {
        uint8_t *room = frame_reader_room(&connection->reader, RECORD_BYTES);
        size_t got;

        if (room == NULL) {
            return ERROR_NO_MEMORY;
        }
        TRY(tls_read(connection->tls, room, RECORD_BYTES, &got));
        if (got == 0) {
            return ERROR_NONE;
        }
        frame_reader_filled(&connection->reader, got);
    }
}

static void receive_tls(struct connection *connection, struct slice bytes)
{
    enum error error = tls_receive(connection->tls, bytes);

    peer_connection_touch(connection); /* Handshakes and key updates answer. */
    if (error == ERROR_NONE && connection->state == CONNECTION_SECURING) {
        error = tls_handshake(connection->tls);
        if (error == ERROR_BUSY) {
            return;
        }
        if (error == ERROR_NONE) {
            peer_connection_greet(connection);
        }
    }
    if (error == ERROR_NONE && connection->state < CONNECTION_LEAVING) {
        error = decrypt(connection);
        take_frames(connection);
    }
    if (error != ERROR_NONE) {
        peer_stream_fail(connection, error);
    }
}

void peer_stream_receive(struct connection *connection, struct slice bytes)
{
    if (connection->tls != NULL) {
        receive_tls(connection, bytes);
        return;
    }
    if (frame_reader_feed(&connection->reader, bytes) != ERROR_NONE) {
        peer_connection_end(connection, TRANSPORT_NO_MEMORY, "");
        return;
    }
    take_frames(connection);
}

#include "raft/peer/stream.h"

#include "proto/base/check.h"
#include "proto/frame.h"

/* Batches in a row before the loop gets its turn. */
enum { BATCHES_MAX = 64 };

void peer_stream_fail(struct connection *connection, enum error error)
{
    switch (error) {
    case ERROR_CLOSED:
        peer_connection_end(connection, TRANSPORT_CLOSED, "");
        break;
    case ERROR_TLS:
        connection->tls_failed = true;
        peer_connection_end(connection, TRANSPORT_TLS,
                            tls_failure(connection->tls));
        break;
    default:
        peer_connection_end(connection, TRANSPORT_NO_MEMORY, "");
        break;
    }
}

static void take_batch(struct connection *connection, struct buffer *to)
{
    bool may_speak =
        connection->state >= CONNECTION_GREETING && !connection->tls_failed;

    if (may_speak) {
        peer_connection_stats(connection)->frames_sent +=
            outgoing_take(&connection->outgoing, to, TRANSPORT_WRITE_BYTES_MAX);
    }
}

/* Encrypt the next piece of the batch: a large frame does not stand three
 * times in memory. Handshakes and alerts come along. */
static enum error encrypt(struct connection *connection)
{
    struct buffer *batch = &connection->batch;
    struct slice piece;

    if (connection->batch_done == batch->len) {
        buffer_clear(batch);
        connection->batch_done = 0;
        take_batch(connection, batch);
    }
    piece = slice_after(buffer_slice(batch), connection->batch_done);
    if (piece.len > TRANSPORT_WRITE_BYTES_MAX) {
        piece.len = TRANSPORT_WRITE_BYTES_MAX;
    }
    if (piece.len > 0 && !connection->tls_failed) {
        TRY(tls_write(connection->tls, piece));
        connection->batch_done += piece.len;
    }
    tls_take(connection->tls, &connection->out);
    return ERROR_NONE;
}

/* Fill the bytes for the socket from the queues, by rank. */
static enum error gather(struct connection *connection)
{
    if (connection->tls == NULL) {
        take_batch(connection, &connection->out);
    } else {
        TRY(encrypt(connection));
    }
    return buffer_failed(&connection->batch) || buffer_failed(&connection->out)
               ? ERROR_NO_MEMORY
               : ERROR_NONE;
}

/* What was gathered is gone: what was large gives its memory back. */
static void clear_gathered(struct connection *connection)
{
    struct buffer *batch = &connection->batch;

    buffer_clear(&connection->out);
    if (connection->out.capacity > 2 * FRAME_KEEP_BYTES) {
        buffer_deinit(&connection->out);
    }
    if (connection->batch_done == batch->len &&
        batch->capacity > 2 * FRAME_KEEP_BYTES) {
        buffer_deinit(batch);
        connection->batch_done = 0;
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct connection *connection = write->data;

    connection->writing = false;
    connection->moved_us = loop_now_us(connection->transport->loop);
    clear_gathered(connection);
    if (connection->state == CONNECTION_CLOSED) {
        return;
    }
    if (status != 0) {
        peer_connection_fail(connection, status);
        return;
    }
    peer_stream_flush(connection);
}

/* Hand the batch to the socket; what it does not take at once libuv keeps. */
static void write_batch(struct connection *connection)
{
    struct slice bytes = buffer_slice(&connection->out);
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    uv_buf_t buf =
        uv_buf_init((char *)connection->out.data, (unsigned)bytes.len);
    int written = uv_try_write(stream, &buf, 1);

    peer_connection_stats(connection)->bytes_sent += bytes.len;
    if (written >= 0 && (size_t)written == bytes.len) {
        clear_gathered(connection);
        return;
    }
    if (written < 0 && written != UV_EAGAIN) {
        peer_connection_fail(connection, written);
        return;
    }
    if (written > 0) {
        buf.base += written;
        buf.len -= (size_t)written;
    }
    connection->write.data = connection;
    connection->writing = true;
    written = uv_write(&connection->write, stream, &buf, 1, on_written);
    if (written != 0) {
        connection->writing = false;
        peer_connection_fail(connection, written);
    }
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status; /* The end of the stream or a deadline closes it. */
}

static void say_last_words(struct connection *connection)
{
    if (connection->state != CONNECTION_LEAVING || connection->shut) {
        return;
    }
    connection->shut = true;
    if (uv_shutdown(&connection->shutdown, (uv_stream_t *)&connection->tcp,
                    on_shutdown) != 0) {
        peer_connection_close(connection);
    }
}

void peer_stream_flush(struct connection *connection)
{
    connection->to_flush = false;
    for (int i = 0; i < BATCHES_MAX; i++) {
        enum error error;

        if (connection->writing || connection->shut ||
            connection->state == CONNECTION_CONNECTING ||
            connection->state == CONNECTION_CLOSED) {
            return;
        }
        error = gather(connection);
        if (error != ERROR_NONE) {
            peer_stream_fail(connection, error);
            return;
        }
        if (connection->out.len == 0) {
            say_last_words(connection);
            return;
        }
        write_batch(connection);
    }
    peer_connection_touch(connection); /* There is more, after the others. */
}

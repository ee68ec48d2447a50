#include "node/sip/stream.h"

#include <stdlib.h>

#include "node/sip/dispatch.h"
#include "node/sip/engine.h"
#include "node/sip/window.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

/* Bytes that the kernel would not take at once. */
struct write_job {
    uv_write_t uv;
    struct connection *connection;
    struct buffer bytes;
};

static void read_wire(struct connection *connection, struct slice wire);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *connection = handle->data;

    (void)suggested;
    /* One buffer for all: what a read leaves unfinished is copied out of it
     * before the next. */
    *buf = uv_buf_init((char *)connection->edge->read, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    struct slice read = slice_of(buf->base, n > 0 ? (size_t)n : 0);

    if (n < 0) {
        connection_close(connection,
                         n == UV_EOF ? ENDING_PEER_CLOSED : ENDING_PEER_LOST);
        return;
    }
    if (n == 0 || connection->state == CONNECTION_LINGERING) {
        return;
    }
    connection->heard_ms = edge_now_ms(connection->edge);
    edge_count(connection->edge, EDGE_METRIC_BYTES_IN, n);
    if (connection->tls != NULL) {
        read_wire(connection, read);
    } else {
        stream_take(connection, read);
    }
}

void stream_start(struct connection *connection)
{
    if (!connection->is_reading && connection->paused == 0) {
        connection->is_reading = uv_read_start((uv_stream_t *)&connection->tcp,
                                               on_alloc, on_read) == 0;
    }
}

static void read_wire(struct connection *connection, struct slice wire)
{
    struct edge *edge = connection->edge;
    size_t n = 0;
    enum error error = edge_tls_read(connection->tls, wire, edge->plain,
                                     sizeof(edge->plain), &n);

    if (connection->wire.len > 0) {
        stream_mark(connection); /* Handshake, key update or alert. */
    }
    if (connection->state == CONNECTION_HANDSHAKING &&
        edge_tls_is_up(connection->tls)) {
        connection_welcome(connection);
    }
    if (n > 0) {
        stream_take(connection, slice_of(edge->plain, n));
    }
    if (error == ERROR_CLOSED) {
        connection_close(connection, ENDING_PEER_CLOSED);
    } else if (error != ERROR_NONE) {
        edge_count(edge, EDGE_METRIC_TLS_FAILED, 1);
        /* Not closed at once: the alert goes out. */
        connection_finish(connection, ENDING_TLS_FAILED);
    }
}

/* Cut out and serve what is complete. */
static void serve(struct connection *connection)
{
    struct edge *edge = connection->edge;
    struct framer_limits limits;

    while (connection_is_live(connection) && connection->paused == 0) {
        bool known = connection->state == CONNECTION_SIGNED_IN;
        enum framer_event event;

        limits.body_bytes_max =
            known ? edge->settings.limits.body_bytes_max
                  : edge->settings.limits.body_bytes_first_max;
        limits.skip_bytes_max = known ? BODY_SKIPPED_BYTES_MAX : 0;
        event = framer_next(&connection->framer, &limits, &edge->frame);
        if (event == FRAMER_MORE) {
            return;
        }
        if (event == FRAMER_PING) {
            buffer_append_text(stream_output(connection), "\r\n");
            connection->said_ms = 0;
            continue;
        }
        connection->partial_ms = 0;
        dispatch(connection, event, &edge->frame);
    }
}

/* Note how much is kept of an unfinished message, and since when. */
static void note_partial(struct connection *connection)
{
    struct edge *edge = connection->edge;
    size_t kept = framer_kept(&connection->framer);
    bool partial =
        framer_in_message(&connection->framer) && connection->paused == 0;

    edge->partial_bytes += kept - connection->kept;
    connection->kept = kept;
    if (!partial) {
        connection->partial_ms = 0;
    } else if (connection->partial_ms == 0) {
        connection->partial_ms = edge_now_ms(edge);
    }
    if (edge->partial_bytes > edge->settings.limits.partial_bytes_max &&
        partial) {
        connection_close(connection, ENDING_PARTIAL_BYTES);
    }
}

void stream_take(struct connection *connection, struct slice said)
{
    framer_give(&connection->framer, said);
    serve(connection);
    if (!connection_is_live(connection)) {
        return;
    }
    if (framer_keep(&connection->framer) != ERROR_NONE) {
        connection_close(connection, ENDING_NO_MEMORY);
        return;
    }
    note_partial(connection);
}

void stream_pause(struct connection *connection, enum pause why)
{
    connection->paused |= why;
    if (connection->is_reading) {
        uv_read_stop((uv_stream_t *)&connection->tcp);
        connection->is_reading = false;
    }
}

void stream_resume(struct connection *connection, enum pause why)
{
    if (!(connection->paused & why)) {
        return;
    }
    connection->paused &= ~(unsigned)why;
    if (connection->paused == 0 && connection_is_live(connection)) {
        stream_take(connection, SLICE_NONE);
    }
    if (connection_is_live(connection)) {
        stream_start(connection); /* Unless that paused it again. */
    }
}

void stream_unmark(struct connection *connection)
{
    struct edge *edge = connection->edge;

    if (connection->is_dirty) {
        TAILQ_REMOVE(&edge->dirty, connection, dirty_link);
    } else if (connection->is_deferred) {
        TAILQ_REMOVE(&edge->deferred, connection, dirty_link);
    }
    connection->is_dirty = false;
    connection->is_deferred = false;
}

void stream_mark(struct connection *connection)
{
    if (!connection->is_dirty && connection->state != CONNECTION_CLOSED) {
        stream_unmark(connection);
        TAILQ_INSERT_TAIL(&connection->edge->dirty, connection, dirty_link);
        connection->is_dirty = true;
    }
}

void stream_defer(struct connection *connection)
{
    struct edge *edge = connection->edge;

    if (!connection_is_live(connection)) {
        return;
    }
    stream_unmark(connection);
    if (TAILQ_EMPTY(&edge->deferred)) {
        timer_start(edge->defer_timer, DEFER_MS, 0);
    }
    TAILQ_INSERT_TAIL(&edge->deferred, connection, dirty_link);
    connection->is_deferred = true;
}

void stream_undefer_all(struct edge *edge)
{
    while (!TAILQ_EMPTY(&edge->deferred)) {
        stream_mark(TAILQ_FIRST(&edge->deferred));
    }
}

struct buffer *stream_output(struct connection *connection)
{
    if (connection->out.data == NULL) {
        buffer_reserve(&connection->out, OUTPUT_FIRST_BYTES);
    }
    connection->said_ms = edge_now_ms(connection->edge);
    stream_mark(connection);
    return &connection->out;
}

size_t stream_unsent(const struct connection *connection)
{
    return connection->out.len + connection->wire.len +
           uv_stream_get_write_queue_size(
               (const uv_stream_t *)&connection->tcp);
}

static void flush(struct connection *connection);

static void job_free(struct write_job *job)
{
    buffer_deinit(&job->bytes);
    free(job);
}

static void on_written(uv_write_t *uv, int status)
{
    struct write_job *job = uv->data;
    struct connection *connection = job->connection;

    job_free(job);
    connection->writing = NULL;
    if (connection->state == CONNECTION_CLOSED) {
        return;
    }
    if (status < 0) {
        connection_close(connection, ENDING_PEER_LOST);
        return;
    }
    connection->stuck_ms = 0;
    flush(connection);
    windows_pump(connection);
    if (stream_unsent(connection) <
        connection->edge->settings.limits.output_high_bytes) {
        stream_resume(connection, PAUSE_OUTPUT);
    }
}

/* Have libuv write the rest of a buffer, which it takes over. */
static void write_later(struct connection *connection, struct buffer *bytes,
                        size_t written)
{
    struct write_job *job = calloc(1, sizeof(*job));
    uv_buf_t rest = uv_buf_init((char *)bytes->data + written,
                                (unsigned)(bytes->len - written));

    if (job == NULL) {
        connection_close(connection, ENDING_NO_MEMORY);
        return;
    }
    job->connection = connection;
    job->bytes = *bytes;
    job->uv.data = job;
    buffer_init(bytes);
    if (uv_write(&job->uv, (uv_stream_t *)&connection->tcp, &rest, 1,
                 on_written) != 0) {
        job_free(job);
        connection_close(connection, ENDING_PEER_LOST);
        return;
    }
    connection->writing = job;
}

static void write_now(struct connection *connection, struct buffer *bytes)
{
    uv_buf_t buf = uv_buf_init((char *)bytes->data, (unsigned)bytes->len);
    int n = uv_try_write((uv_stream_t *)&connection->tcp, &buf, 1);

    if (n == UV_EAGAIN) {
        n = 0;
    }
    if (n < 0) {
        connection_close(connection, ENDING_PEER_LOST);
        return;
    }
    edge_count(connection->edge, EDGE_METRIC_BYTES_OUT, (int64_t)bytes->len);
    if ((size_t)n < bytes->len) {
        write_later(connection, bytes, (size_t)n);
    } else {
        buffer_deinit(bytes); /* An idle connection holds no buffer. */
    }
}

static void on_shut(uv_shutdown_t *uv, int status)
{
    (void)status;
    free(uv);
}

static void shut(struct connection *connection)
{
    uv_shutdown_t *uv = malloc(sizeof(*uv));

    connection->is_shut = true;
    if (uv == NULL ||
        uv_shutdown(uv, (uv_stream_t *)&connection->tcp, on_shut) != 0) {
        free(uv);
        connection_close(connection, ENDING_PEER_LOST);
    }
}

/* Encrypt what was said. Returns what is to be written; NULL: TLS has
 * failed. */
static struct buffer *encrypt(struct connection *connection)
{
    if (connection->tls == NULL) {
        return &connection->out;
    }
    if (connection->out.len > 0) {
        if (edge_tls_write(connection->tls, buffer_slice(&connection->out)) !=
            ERROR_NONE) {
            return NULL;
        }
        buffer_deinit(&connection->out);
    }
    if (connection->state == CONNECTION_LINGERING) {
        edge_tls_say_goodbye(connection->tls);
    }
    return &connection->wire;
}

static void flush(struct connection *connection)
{
    struct buffer *bytes;

    if (connection->writing != NULL) {
        return; /* on_written comes back here. */
    }
    bytes = encrypt(connection);
    if (bytes == NULL || buffer_failed(bytes)) {
        connection_close(connection,
                         bytes == NULL ? ENDING_TLS_FAILED : ENDING_NO_MEMORY);
        return;
    }
    if (bytes->len > 0) {
        write_now(connection, bytes);
    }
    if (connection->state == CONNECTION_LINGERING && !connection->is_shut &&
        connection->writing == NULL) {
        shut(connection);
    }
}

void stream_flush_all(struct edge *edge)
{
    struct connection *connection;

    while ((connection = TAILQ_FIRST(&edge->dirty)) != NULL) {
        stream_unmark(connection);
        flush(connection);
        if (connection_is_live(connection) &&
            stream_unsent(connection) >=
                edge->settings.limits.output_high_bytes) {
            stream_pause(connection, PAUSE_OUTPUT);
        }
    }
}

void stream_deinit(struct connection *connection)
{
    CHECK(connection->writing == NULL);
    framer_deinit(&connection->framer);
    buffer_deinit(&connection->out);
    buffer_deinit(&connection->wire);
}

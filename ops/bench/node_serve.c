#include "ops/bench/node_serve.h"

#include <stdlib.h>
#include <string.h>

#include "ops/bench/complain.h"
#include "ops/bench/node_protocol.h"
#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"

enum { READ_BYTES = 64 * 1024, BACKLOG = 16 };

struct connection {
    uv_tcp_t tcp;
    struct serve *serve;
    bool open;
    bool writing;
    struct buffer in, out, sent;
    uv_write_t write;
};

/* A command that is on its way through the log. */
struct waiting {
    struct connection *connection;
    uint64_t tag;
};

struct serve {
    struct serve_owner owner;
    uv_tcp_t listener;
    size_t n;
    struct connection connections[SERVE_CONNECTIONS_MAX]; /* None is reused. */
    uint64_t first, next; /* Of those waiting. */
    struct waiting waiting[SERVE_WAITING_MAX];
    char room[READ_BYTES];
};

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    buffer_deinit(&connection->in);
    buffer_deinit(&connection->out);
    buffer_deinit(&connection->sent);
}

static void hang_up(struct connection *connection)
{
    if (connection->open) {
        connection->open = false;
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

static void answer(struct connection *connection, uint64_t tag, uint32_t result)
{
    uint8_t *to;

    if (!connection->open) {
        return;
    }
    to = buffer_reserve(&connection->out, NODE_ANSWER_BYTES);
    CHECK(to != NULL);
    node_put_answer(to, tag, result);
    connection->out.len += NODE_ANSWER_BYTES;
}

void serve_applied(struct serve *serve)
{
    struct waiting *waiting = &serve->waiting[serve->first % SERVE_WAITING_MAX];

    CHECK(serve->first < serve->next);
    serve->first++;
    answer(waiting->connection, waiting->tag, NODE_DONE);
}

static void commit(struct connection *connection, uint64_t tag,
                   struct slice command)
{
    struct serve *serve = connection->serve;

    if (serve->next - serve->first == SERVE_WAITING_MAX ||
        serve->owner.propose(serve->owner.context, command) != ERROR_NONE) {
        answer(connection, tag, NODE_BUSY);
        return;
    }
    serve->waiting[serve->next % SERVE_WAITING_MAX] =
        (struct waiting){connection, tag};
    serve->next++;
}

/* Serve whole questions. Returns the bytes taken, or -1 for nonsense. */
static ssize_t take(struct connection *connection)
{
    struct slice rest = buffer_slice(&connection->in);
    size_t at = 0;

    while (rest.len - at >= NODE_QUESTION_BYTES) {
        const uint8_t *question = rest.data + at;
        uint32_t len = get_le32(question), kind = get_le32(question + 4);
        uint64_t tag = get_le64(question + 8);

        if (len > NODE_COMMAND_BYTES_MAX || kind > NODE_LEADER) {
            return -1;
        }
        if (rest.len - at < NODE_QUESTION_BYTES + (size_t)len) {
            break;
        }
        at += NODE_QUESTION_BYTES + (size_t)len;
        if (kind == NODE_COMMIT) {
            commit(connection, tag,
                   slice_of(question + NODE_QUESTION_BYTES, len));
        } else {
            answer(connection, tag,
                   connection->serve->owner.leader(
                       connection->serve->owner.context));
        }
    }
    return (ssize_t)at;
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct connection *connection = handle->data;

    (void)wanted;
    *room = uv_buf_init(connection->serve->room, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct connection *connection = stream->data;
    ssize_t taken;

    if (n < 0) {
        hang_up(connection);
        return;
    }
    buffer_append(&connection->in, room->base, (size_t)n);
    taken = take(connection);
    if (taken < 0 || buffer_failed(&connection->in)) {
        hang_up(connection);
        return;
    }
    buffer_consume(&connection->in, (size_t)taken);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct serve *serve = listener->data;
    struct connection *connection = &serve->connections[serve->n];

    if (status != 0 || serve->n == SERVE_CONNECTIONS_MAX) {
        return; /* Left in the backlog: perch-bench opens one. */
    }
    serve->n++;
    connection->serve = serve;
    connection->tcp.data = connection;
    CHECK(uv_tcp_init(listener->loop, &connection->tcp) == 0);
    connection->open = true;
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0) {
        hang_up(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    uv_read_start((uv_stream_t *)&connection->tcp, give_room, on_read);
}

static void send_out(struct connection *connection);

static void on_written(uv_write_t *write, int status)
{
    struct connection *connection = write->data;

    connection->writing = false;
    if (status != 0) {
        hang_up(connection);
    } else {
        send_out(connection);
    }
}

/* One write at a time; what is answered meanwhile goes with the next. */
static void send_out(struct connection *connection)
{
    struct buffer swap = connection->sent;
    uv_buf_t bytes;

    if (!connection->open || connection->writing || connection->out.len == 0) {
        return;
    }
    connection->sent = connection->out;
    connection->out = swap;
    buffer_clear(&connection->out);
    bytes = uv_buf_init((char *)connection->sent.data,
                        (unsigned)connection->sent.len);
    connection->write.data = connection;
    connection->writing =
        uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &bytes, 1,
                 on_written) == 0;
}

static void on_turn(void *context)
{
    struct serve *serve = context;

    for (size_t i = 0; i < serve->n; i++) {
        send_out(&serve->connections[i]);
    }
}

enum error serve_open(struct serve **serve_out, struct loop *loop,
                      uint16_t port, const struct serve_owner *owner)
{
    struct serve *serve = calloc(1, sizeof(*serve));
    struct sockaddr_in at;
    int status;

    if (serve == NULL) {
        return ERROR_NO_MEMORY;
    }
    serve->owner = *owner;
    serve->listener.data = serve;
    uv_ip4_addr("127.0.0.1", port, &at);
    CHECK(uv_tcp_init(loop_uv(loop), &serve->listener) == 0);
    status = uv_tcp_bind(&serve->listener, (struct sockaddr *)&at, 0);
    if (status == 0) {
        status =
            uv_listen((uv_stream_t *)&serve->listener, BACKLOG, on_connection);
    }
    if (status != 0) {
        return complain(ERROR_IO, "cannot listen on port %u: %s", port,
                        uv_strerror(status)); /* The process ends now. */
    }
    loop_on_turn(loop, on_turn, serve);
    *serve_out = serve;
    return ERROR_NONE;
}

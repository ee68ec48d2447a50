/* libuv's calls as raft/peer makes them, answered by the simulator. What they
 * do, and when they call back, is libuv's documentation's word: never from
 * inside the call that asked, and always before the handle's closing is told.
 */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"
#include "tests/sim/tcp_sim.h"

uv_loop_t *loop_uv(struct loop *loop)
{
    return (uv_loop_t *)loop;
}

/* --- Sockets --- */

int uv_tcp_init(uv_loop_t *loop, uv_tcp_t *handle)
{
    struct host *host = host_of((struct loop *)loop);

    if (host == NULL) {
        return UV_ENETDOWN;
    }
    handle->loop = loop;
    handle->type = UV_TCP;
    socket_new(host, handle);
    return 0;
}

static uint16_t port_of(const struct sockaddr *address)
{
    /* Both families keep the port at the same place. */
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

int uv_tcp_bind(uv_tcp_t *handle, const struct sockaddr *address,
                unsigned flags)
{
    struct socket *socket = socket_of(handle);

    (void)flags;
    socket->port = port_of(address);
    if (socket->port == 0) {
        socket->port = socket->host->next_port++;
    }
    return 0;
}

int uv_listen(uv_stream_t *handle, int backlog, uv_connection_cb call)
{
    struct socket *socket = socket_of(handle);

    (void)backlog;
    if (socket_listening(socket->host->network, socket->port) != NULL) {
        return UV_EADDRINUSE;
    }
    socket->listening = true;
    socket->on_connection = call;
    return 0;
}

int uv_accept(uv_stream_t *server, uv_stream_t *client)
{
    return socket_accept(socket_of(server), socket_of(client));
}

int uv_tcp_connect(uv_connect_t *request, uv_tcp_t *handle,
                   const struct sockaddr *address, uv_connect_cb call)
{
    struct socket *socket = socket_of(handle);

    request->handle = (uv_stream_t *)handle;
    request->cb = call;
    socket->connecting = request;
    socket->port = socket->host->next_port++;
    socket->peer_port = port_of(address);
    stream_dial(socket, socket->peer_port);
    return 0;
}

int uv_tcp_nodelay(uv_tcp_t *handle, int enable)
{
    (void)handle;
    (void)enable;
    return 0;
}

int uv_fileno(const uv_handle_t *handle, uv_os_fd_t *fd)
{
    (void)handle;
    (void)fd;
    return UV_EBADF;
}

static int name_of(uint16_t port, struct sockaddr *name, int *len)
{
    CHECK(*len >= (int)sizeof(struct sockaddr_in));
    *len = sizeof(struct sockaddr_in);
    return uv_ip4_addr("127.0.0.1", port, (struct sockaddr_in *)(void *)name);
}

int uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *len)
{
    return name_of(socket_of(handle)->peer_port, name, len);
}

int uv_tcp_getsockname(const uv_tcp_t *handle, struct sockaddr *name, int *len)
{
    return name_of(socket_of(handle)->port, name, len);
}

/* --- Streams --- */

int uv_read_start(uv_stream_t *handle, uv_alloc_cb alloc, uv_read_cb read)
{
    struct socket *socket = socket_of(handle);

    if (socket->stream == NULL) {
        return UV_ENOTCONN;
    }
    socket->alloc = alloc;
    socket->read = read;
    stream_wake(socket->stream, socket->side);
    return 0;
}

int uv_try_write(uv_stream_t *handle, const uv_buf_t bufs[], unsigned n)
{
    struct socket *socket = socket_of(handle);
    size_t sent;

    CHECK(n == 1 && socket->writing == NULL);
    if (socket->stream == NULL || socket->error != 0) {
        return UV_ECONNRESET;
    }
    sent = stream_send(socket->stream, socket->side,
                       slice_of(bufs[0].base, bufs[0].len));
    return sent > 0 ? (int)sent : UV_EAGAIN;
}

int uv_write(uv_write_t *request, uv_stream_t *handle, const uv_buf_t bufs[],
             unsigned n, uv_write_cb call)
{
    struct socket *socket = socket_of(handle);

    CHECK(n == 1 && socket->writing == NULL);
    if (socket->stream == NULL || socket->error != 0) {
        return UV_ECONNRESET;
    }
    request->handle = handle;
    socket->writing = request;
    socket->written = call;
    socket->unsent = slice_of(bufs[0].base, bufs[0].len);
    return 0;
}

size_t uv_stream_get_write_queue_size(const uv_stream_t *handle)
{
    const struct socket *socket = socket_of(handle);

    return socket->writing != NULL ? socket->unsent.len : 0;
}

static void finish_shutdown(void *context)
{
    uv_shutdown_t *request = context;
    struct socket *socket = socket_of(request->handle);

    if (socket != NULL && socket->shutting == request) {
        socket->shutting = NULL;
        request->cb(request, 0);
    }
}

int uv_shutdown(uv_shutdown_t *request, uv_stream_t *handle,
                uv_shutdown_cb call)
{
    struct socket *socket = socket_of(handle);

    CHECK(socket->writing == NULL);
    if (socket->stream == NULL || socket->error != 0) {
        return UV_ENOTCONN;
    }
    request->handle = handle;
    request->cb = call;
    socket->shutting = request;
    socket->shut = call;
    stream_finish(socket->stream, socket->side);
    call_later(socket->schedule, socket->actor, finish_shutdown, request);
    return 0;
}

/* --- An idle handle: the loop does not sleep while it is active --- */

struct idle {
    uv_idle_t *handle;
    struct actor *actor;
    struct schedule *schedule;
    struct event *event; /* NULL: it is not active. */
    uv_idle_cb call;
    uv_close_cb closed;
};

static struct idle *idle_of(const void *handle)
{
    return ((const uv_handle_t *)handle)->u.reserved[0];
}

int uv_idle_init(uv_loop_t *loop, uv_idle_t *handle)
{
    struct idle *idle = calloc(1, sizeof(*idle));

    CHECK(idle != NULL);
    handle->loop = loop;
    handle->type = UV_IDLE;
    handle->u.reserved[0] = idle;
    idle->handle = handle;
    idle->actor = loop_sim_actor((struct loop *)loop);
    idle->schedule = loop_sim_schedule((struct loop *)loop);
    return 0;
}

static void on_idle(void *context)
{
    struct idle *idle = context;

    idle->event =
        schedule_after(idle->schedule, idle->actor, 1, on_idle, NULL, idle);
    idle->call(idle->handle);
}

int uv_idle_start(uv_idle_t *handle, uv_idle_cb call)
{
    struct idle *idle = idle_of(handle);

    if (idle->event == NULL) {
        idle->call = call;
        idle->event =
            schedule_after(idle->schedule, idle->actor, 0, on_idle, NULL, idle);
    }
    return 0;
}

int uv_idle_stop(uv_idle_t *handle)
{
    schedule_cancel(idle_of(handle)->event);
    idle_of(handle)->event = NULL;
    return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
    CHECK(handle->type == UV_IDLE);
    return idle_of(handle)->event != NULL;
}

static void finish_idle(void *context)
{
    struct idle idle = *(struct idle *)context;

    free(context);
    idle.closed((uv_handle_t *)idle.handle);
}

void uv_close(uv_handle_t *handle, uv_close_cb closed)
{
    struct idle *idle;

    if (handle->type == UV_TCP) {
        socket_close(socket_of(handle), closed);
        return;
    }
    idle = idle_of(handle);
    uv_idle_stop((uv_idle_t *)handle);
    idle->closed = closed;
    call_later(idle->schedule, idle->actor, finish_idle, idle);
}

/* --- Names: the machine's own, asked at once and told later --- */

static void finish_lookup(void *context)
{
    uv_getaddrinfo_t *request = context;

    request->cb(request, request->addrinfo != NULL ? 0 : UV_EAI_FAIL,
                request->addrinfo);
}

int uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request,
                   uv_getaddrinfo_cb call, const char *node,
                   const char *service, const struct addrinfo *hints)
{
    struct loop *sim = (struct loop *)loop;

    request->addrinfo = NULL;
    request->cb = call;
    (void)getaddrinfo(node, service, hints, &request->addrinfo);
    call_later(loop_sim_schedule(sim), loop_sim_actor(sim), finish_lookup,
               request);
    return 0;
}

void uv_freeaddrinfo(struct addrinfo *list)
{
    if (list != NULL) {
        freeaddrinfo(list);
    }
}

int uv_cancel(uv_req_t *request)
{
    (void)request;
    return UV_EBUSY; /* It ends by itself. */
}

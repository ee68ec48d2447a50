#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/tcp_sim.h"

enum { PORT_FIRST = 40000, PORTS_PER_END = 3000 }; /* Of their own choice. */

static LIST_HEAD(, host) hosts = LIST_HEAD_INITIALIZER(hosts);

/* --- Hosts --- */

struct host *host_of(const struct loop *loop)
{
    struct host *host;

    LIST_FOREACH (host, &hosts, link) {
        if (host->loop == loop) {
            return host;
        }
    }
    return NULL;
}

void transport_sim_join(struct loop *loop, struct network *network,
                        unsigned end)
{
    struct host *host = calloc(1, sizeof(*host));

    CHECK(host != NULL && host_of(loop) == NULL);
    host->loop = loop;
    host->network = network;
    host->end = end;
    host->next_port = (uint16_t)(PORT_FIRST + PORTS_PER_END * end);
    LIST_INIT(&host->sockets);
    LIST_INSERT_HEAD(&hosts, host, link);
    network_attach(network, end, loop_sim_actor(loop));
}

static void hang_up(struct socket *socket, bool silently);

void transport_sim_leave(struct loop *loop, bool silently)
{
    struct host *host = host_of(loop);
    struct socket *socket;

    if (host == NULL) {
        return;
    }
    while ((socket = LIST_FIRST(&host->sockets)) != NULL) {
        hang_up(socket, silently);
        LIST_REMOVE(socket, link);
        socket->host = NULL;
    }
    network_attach(host->network, host->end, NULL);
    LIST_REMOVE(host, link);
    free(host);
}

/* --- Calls that come later --- */

/* Something to call on a loop, or instead when it runs no more. */
struct later {
    void (*call)(void *context);
    void *context;
};

static void run_later(void *context)
{
    struct later later = *(struct later *)context;

    free(context);
    later.call(later.context);
}

void call_later(struct schedule *schedule, struct actor *actor,
                void (*call)(void *context), void *context)
{
    struct later *later = malloc(sizeof(*later));

    CHECK(later != NULL);
    *later = (struct later){call, context};
    schedule_after(schedule, actor, 0, run_later, run_later, later);
}

/* --- Sockets --- */

struct socket *socket_of(const void *handle)
{
    return ((const uv_handle_t *)handle)->u.reserved[0];
}

struct socket *socket_listening(const struct network *network, uint16_t port)
{
    struct host *host;
    struct socket *socket;

    LIST_FOREACH (host, &hosts, link) {
        LIST_FOREACH (socket, &host->sockets, link) {
            if (host->network == network && socket->listening &&
                !socket->closing && socket->port == port) {
                return socket;
            }
        }
    }
    return NULL;
}

struct socket *socket_new(struct host *host, uv_tcp_t *handle)
{
    struct socket *socket = calloc(1, sizeof(*socket));

    CHECK(socket != NULL);
    socket->host = host;
    socket->handle = handle;
    socket->actor = loop_sim_actor(host->loop);
    socket->schedule = loop_sim_schedule(host->loop);
    STAILQ_INIT(&socket->backlog);
    LIST_INSERT_HEAD(&host->sockets, socket, link);
    handle->u.reserved[0] = socket;
    return socket;
}

/* As libuv does: the next caller is told when the last one was accepted. */
static void offer_next(void *context)
{
    struct socket *listener = context;

    if (!listener->closing && !listener->offered &&
        !STAILQ_EMPTY(&listener->backlog)) {
        listener->offered = true;
        listener->on_connection((uv_stream_t *)listener->handle, 0);
    }
}

void socket_offer(struct socket *listener, struct stream *stream)
{
    struct caller *caller = malloc(sizeof(*caller));

    CHECK(caller != NULL);
    caller->stream = stream;
    STAILQ_INSERT_TAIL(&listener->backlog, caller, link);
    offer_next(listener);
}

int socket_accept(struct socket *listener, struct socket *socket)
{
    struct caller *caller = STAILQ_FIRST(&listener->backlog);

    if (caller == NULL) {
        return UV_EAGAIN;
    }
    STAILQ_REMOVE_HEAD(&listener->backlog, link);
    listener->offered = false;
    socket->port = listener->port;
    stream_accept(caller->stream, socket);
    free(caller);
    call_later(listener->schedule, listener->actor, offer_next, listener);
    return 0;
}

/* --- The end --- */

/* Nothing goes either way any more, and nobody calls any more. */
static void hang_up(struct socket *socket, bool silently)
{
    struct caller *caller;

    while ((caller = STAILQ_FIRST(&socket->backlog)) != NULL) {
        STAILQ_REMOVE_HEAD(&socket->backlog, link);
        if (silently) {
            stream_vanish(caller->stream, 1);
        } else {
            stream_leave(caller->stream, 1, true);
        }
        free(caller);
    }
    socket->listening = false;
    if (socket->stream != NULL && silently) {
        stream_vanish(socket->stream, socket->side);
    } else if (socket->stream != NULL) {
        /* What closes in order says so; a process that ends is cut off. */
        stream_leave(socket->stream, socket->side, !socket->closing);
    }
    socket->stream = NULL;
}

struct closing {
    struct socket *socket;
    uv_close_cb closed;
};

static void finish_close(void *context)
{
    struct closing closing = *(struct closing *)context;
    struct socket *socket = closing.socket;
    uv_tcp_t *handle = socket->handle;

    free(context);
    if (socket->connecting != NULL) {
        socket->connecting->cb(socket->connecting, UV_ECANCELED);
    }
    if (socket->writing != NULL) {
        socket->written(socket->writing, UV_ECANCELED);
    }
    if (socket->shutting != NULL) {
        socket->shut(socket->shutting, UV_ECANCELED);
    }
    if (socket->host != NULL) {
        LIST_REMOVE(socket, link);
    }
    free(socket);
    handle->u.reserved[0] = NULL;
    closing.closed((uv_handle_t *)handle);
}

void socket_close(struct socket *socket, uv_close_cb closed)
{
    struct closing *closing = malloc(sizeof(*closing));

    CHECK(closing != NULL && !socket->closing);
    *closing = (struct closing){socket, closed};
    socket->closing = true;
    hang_up(socket, false);
    call_later(socket->schedule, socket->actor, finish_close, closing);
}

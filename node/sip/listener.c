#include "node/sip/listener.h"

#include <stdlib.h>
#include <unistd.h>

#include "node/sip/connection.h"
#include "node/sip/engine.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;

    if (status < 0) {
        /* Descriptors are out, mostly: libuv has turned the caller away. */
        edge_count(listener->edge, EDGE_METRIC_REFUSED_TOTAL, 1);
        return;
    }
    listener->stalled = !connection_accept(listener);
}

void listener_retry(struct listener *listener)
{
    if (listener->stalled && listener->is_open) {
        listener->stalled = !connection_accept(listener);
    }
}

static enum error error_of_uv(int status)
{
    switch (status) {
    case UV_EADDRINUSE:
        return ERROR_BUSY;
    case UV_EINVAL:
    case UV_EADDRNOTAVAIL:
        return ERROR_INVALID;
    case UV_ENOMEM:
        return ERROR_NO_MEMORY;
    default:
        return ERROR_IO;
    }
}

static int read_address(const struct edge_listener *settings,
                        struct sockaddr_storage *to)
{
    int status = uv_ip4_addr(settings->address, settings->port,
                             (struct sockaddr_in *)to);

    if (status != 0) {
        status = uv_ip6_addr(settings->address, settings->port,
                             (struct sockaddr_in6 *)to);
    }
    return status;
}

/* Several edges, each with its own socket, share the port. */
static int share_port(uv_tcp_t *tcp)
{
    uv_os_fd_t fd;
    int on = 1;
    int status = uv_fileno((uv_handle_t *)tcp, &fd);

    if (status == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
        status = uv_translate_sys_error(errno);
    }
    return status;
}

static int bind_and_listen(struct listener *listener,
                           const struct sockaddr_storage *at)
{
    const struct sockaddr *address = (const struct sockaddr *)at;
    int status = uv_tcp_init_ex(loop_uv(listener->edge->loop), &listener->tcp,
                                address->sa_family);

    if (status != 0) {
        return status;
    }
    listener->tcp.data = listener;
    listener->is_open = true;
    status = share_port(&listener->tcp);
    if (status == 0) {
        status = uv_tcp_bind(&listener->tcp, address, 0);
    }
    if (status == 0) {
        status = uv_listen((uv_stream_t *)&listener->tcp, LISTEN_BACKLOG,
                           on_connection);
    }
    return status;
}

static void learn_port(struct listener *listener)
{
    struct sockaddr_storage bound;
    int len = sizeof(bound);

    CHECK(uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &len) ==
          0);
    listener->port = address_from((struct sockaddr *)&bound).port;
}

/* Without authentication, whoever reaches the port is whoever he likes. */
static bool may_be_open(const struct edge *edge,
                        const struct edge_listener *settings,
                        const struct sockaddr_storage *at)
{
    struct address address = address_from((const struct sockaddr *)at);

    return settings->auth != EDGE_AUTH_NONE || edge->settings.open_anywhere ||
           address_is_loopback(&address);
}

enum error listener_open(struct listener *listener, struct edge *edge,
                         const struct edge_listener *settings)
{
    struct sockaddr_storage at;
    int status;

    listener->edge = edge;
    listener->settings = *settings;
    status = read_address(settings, &at);
    if (status == 0 && !may_be_open(edge, settings, &at)) {
        journal_error("listener_refused",
                      "address=%s port=%u reason=\"no authentication is "
                      "allowed on loopback only\"",
                      settings->address, settings->port);
        return ERROR_INVALID;
    }
    if (status == 0 && settings->tls) {
        struct tls_keys *keys;

        TRY(edge_tls_keys_load(&keys, settings->certificate_file,
                               settings->key_file, settings->chain_file));
        listener_take_keys(listener, keys);
    }
    if (status == 0) {
        status = bind_and_listen(listener, &at);
    }
    if (status != 0) {
        journal_error("listener_failed", "address=%s port=%u reason=\"%s\"",
                      settings->address, settings->port, uv_strerror(status));
        return error_of_uv(status);
    }
    learn_port(listener);
    journal_notice("listening", "edge=%u address=%s port=%u tls=%d auth=%s",
                   edge->settings.edge, settings->address, listener->port,
                   settings->tls,
                   settings->auth == EDGE_AUTH_NONE ? "none" : "digest");
    return ERROR_NONE;
}

void listener_take_keys(struct listener *listener, struct tls_keys *keys)
{
    edge_tls_keys_release(listener->keys);
    listener->keys = keys;
    meter_set(&listener->expires_s, edge_tls_keys_expires_s(keys));
}

void listener_close(struct listener *listener)
{
    if (listener->is_open) {
        listener->is_open = false;
        uv_close((uv_handle_t *)&listener->tcp, NULL);
    }
    edge_tls_keys_release(listener->keys);
    listener->keys = NULL;
}

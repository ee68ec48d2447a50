#include "raft/peer/remote.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"

/* Wait before the next attempt: between half and all of a time that doubles,
 * so that the nodes of a pool that starts together do not dial in step. */
static void redial_later(struct remote *remote)
{
    struct transport *transport = remote->transport;
    uint32_t random;
    uint32_t wait_ms;

    if (!remote->dials || transport->closing) {
        return;
    }
    loop_random(transport->loop, &random, sizeof(random));
    wait_ms = remote->backoff_ms / 2;
    wait_ms += random % (remote->backoff_ms - wait_ms + 1);
    remote->backoff_ms *= 2;
    if (remote->backoff_ms > TRANSPORT_DIAL_MAX_MS) {
        remote->backoff_ms = TRANSPORT_DIAL_MAX_MS;
    }
    timer_start(remote->redial, wait_ms, 0);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *connection = request->data;

    if (connection->state != CONNECTION_CONNECTING) {
        return; /* It was given up meanwhile. */
    }
    if (status != 0) {
        peer_connection_fail(connection, status);
        return;
    }
    peer_connection_secure(connection);
}

static void dial(struct remote *remote, const struct sockaddr *address)
{
    struct connection *connection =
        peer_connection_new(remote->transport, remote);
    int result;

    if (connection == NULL) {
        redial_later(remote);
        return;
    }
    remote->dialing = connection;
    snprintf(connection->address, sizeof(connection->address), "%.50s:%u",
             remote->host, (unsigned)remote->port);
    connection->connecting.data = connection;
    result = uv_tcp_connect(&connection->connecting, &connection->tcp, address,
                            on_connected);
    if (result != 0) {
        peer_connection_fail(connection, result);
    }
}

/* A name may have several addresses; each attempt takes the next. */
static const struct addrinfo *choose(const struct addrinfo *list, unsigned nth)
{
    const struct addrinfo *at = list;

    for (unsigned i = 0; i < nth; i++) {
        at = at->ai_next != NULL ? at->ai_next : list;
    }
    return at;
}

static void tell_lookup_failed(struct remote *remote, int status)
{
    char address[TRANSPORT_HOST_BYTES_MAX + 16], text[TOLD_ERROR_BYTES_MAX];
    struct told_about about = {
        .node = remote->node,
        .address = address,
        .detail = uv_strerror_r(status, text, sizeof(text)),
    };

    snprintf(address, sizeof(address), "%s:%u", remote->host,
             (unsigned)remote->port);
    told_ended(&remote->told, loop_now_us(remote->transport->loop), &about,
               TRANSPORT_IO);
}

static void on_lookup(uv_getaddrinfo_t *request, int status,
                      struct addrinfo *list)
{
    struct remote *remote = request->data;
    struct transport *transport = remote->transport;

    remote->looking_up = false;
    if (!transport->closing && status == 0 && list != NULL) {
        dial(remote, choose(list, remote->attempts++)->ai_addr);
    } else if (!transport->closing) {
        tell_lookup_failed(remote, status);
        redial_later(remote);
    }
    uv_freeaddrinfo(list);
    transport_release(transport);
}

static void look_up(struct remote *remote)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct transport *transport = remote->transport;
    char port[8];

    snprintf(port, sizeof(port), "%u", (unsigned)remote->port);
    remote->lookup.data = remote;
    if (uv_getaddrinfo(loop_uv(transport->loop), &remote->lookup, on_lookup,
                       remote->host, port, &hints) != 0) {
        redial_later(remote);
        return;
    }
    remote->looking_up = true;
    transport->holds++;
}

static void on_redial(void *context)
{
    struct remote *remote = context;
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    CHECK(remote->open == NULL && remote->dialing == NULL);
    if (uv_ip4_addr(remote->host, remote->port, &four) == 0) {
        dial(remote, (struct sockaddr *)&four);
    } else if (uv_ip6_addr(remote->host, remote->port, &six) == 0) {
        dial(remote, (struct sockaddr *)&six);
    } else {
        look_up(remote);
    }
}

enum error remote_init(struct remote *remote, struct transport *transport,
                       const struct transport_node *node)
{
    remote->transport = transport;
    remote->node = node->node;
    remote->port = node->port;
    remote->dials = transport->hello.node < node->node;
    remote->backoff_ms = TRANSPORT_DIAL_MIN_MS;
    snprintf(remote->host, sizeof(remote->host), "%s", node->host);
    if (remote->dials) {
        remote->redial = timer_new(transport->loop, on_redial, remote);
        return remote->redial != NULL ? ERROR_NONE : ERROR_NO_MEMORY;
    }
    return ERROR_NONE;
}

void remote_start(struct remote *remote)
{
    if (remote->dials) {
        timer_start(remote->redial, 0, 0);
    }
}

void remote_deinit(struct remote *remote)
{
    timer_free(remote->redial);
    remote->redial = NULL;
    if (remote->looking_up) {
        /* One that is under way cannot be stopped, and ends by itself. */
        (void)uv_cancel((uv_req_t *)&remote->lookup);
    }
}

void remote_connected(struct remote *remote, struct connection *connection,
                      const struct peer_hello *hello)
{
    struct transport *transport = remote->transport;
    struct connection *old = remote->open;
    struct told_about about = {remote->node, connection->address, ""};

    if (old != NULL) {
        peer_connection_end(old, TRANSPORT_REPLACED, "");
    }
    if (connection->state != CONNECTION_OPEN) {
        return; /* The owner, told of the old one's end, has closed all. */
    }
    remote->open = connection;
    if (remote->dialing == connection) {
        remote->dialing = NULL;
    }
    remote->stats.connects++;
    told_connected(&remote->told, loop_now_us(transport->loop), &about, hello);
    transport->events.connected(transport->context, remote->node, hello);
}

void remote_lost(struct remote *remote, struct connection *connection)
{
    uint64_t now_us = loop_now_us(remote->transport->loop);

    if (remote->open != connection && remote->dialing != connection) {
        return; /* It was refused, or has been replaced. */
    }
    /* One that served begins anew; one that did not is no better than one
     * that never was. */
    if (connection->opened_us != 0 &&
        now_us - connection->opened_us >=
            (uint64_t)TRANSPORT_DIAL_MAX_MS * 1000) {
        remote->backoff_ms = TRANSPORT_DIAL_MIN_MS;
    }
    remote->open = remote->open == connection ? NULL : remote->open;
    remote->dialing = NULL;
    redial_later(remote);
}

#include "raft/peer/transport_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/peer/connection.h"
#include "raft/peer/listener.h"
#include "raft/peer/remote.h"
#include "raft/peer/settings.h"
#include "raft/peer/stream.h"

struct remote *transport_remote(struct transport *transport, uint8_t node)
{
    for (size_t i = 0; i < transport->n_remotes; i++) {
        if (transport->remotes[i].node == node) {
            return &transport->remotes[i];
        }
    }
    return NULL;
}

/* When this process itself has stood still, what it has not heard says
 * nothing about others. */
static void forgive_own_stall(struct transport *transport, uint64_t now_us)
{
    struct connection *connection;

    if (now_us - transport->ticked_us <
        (uint64_t)transport->limits.silent_ms * 1000 / 2) {
        return;
    }
    journal_warning("loop_stalled", "ms=%llu",
                    (unsigned long long)(now_us - transport->ticked_us) / 1000);
    TAILQ_FOREACH (connection, &transport->connections, link) {
        connection->heard_us = connection->moved_us = now_us;
    }
}

static void on_tick(void *context)
{
    struct transport *transport = context;
    uint64_t now_us = loop_now_us(transport->loop);
    struct connection *connection;

    forgive_own_stall(transport, now_us);
    transport->ticked_us = now_us;
    TAILQ_FOREACH (connection, &transport->connections, link) {
        peer_connection_check(connection, now_us);
    }
    peer_listener_tick(transport);
}

static void on_turn(void *context)
{
    struct transport *transport = context;
    struct connection *connection;

    if (!uv_is_active((uv_handle_t *)&transport->awake)) {
        return;
    }
    uv_idle_stop(&transport->awake);
    TAILQ_FOREACH (connection, &transport->connections, link) {
        if (connection->to_flush) {
            peer_stream_flush(connection);
        }
    }
}

/* What was queued after this turn's flush must not wait for the next event:
 * an idle handle keeps the loop from sleeping before the next turn. */
static void on_awake(uv_idle_t *idle)
{
    (void)idle;
}

void transport_wake(struct transport *transport)
{
    if (!transport->closing) {
        uv_idle_start(&transport->awake, on_awake);
    }
}

static void transport_free(struct transport *transport)
{
    tls_identity_free(transport->identity);
    for (size_t i = 0; i < 3; i++) {
        free(transport->files[i]);
    }
    free(transport);
}

void transport_release(struct transport *transport)
{
    transport->holds--;
    if (transport->holds == 0 && transport->closing) {
        transport_free(transport);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    transport_release(handle->data);
}

static enum error copy_files(struct transport *transport,
                             const struct transport_tls *tls)
{
    const char *const files[3] = {tls->certificate, tls->key, tls->authority};

    for (size_t i = 0; i < 3 && !transport->plain; i++) {
        transport->files[i] = strdup(files[i]);
        if (transport->files[i] == NULL) {
            return ERROR_NO_MEMORY;
        }
    }
    return ERROR_NONE;
}

enum error transport_reload_tls(struct transport *transport)
{
    struct tls_identity *identity;
    struct transport_tls files = {
        .certificate = transport->files[0],
        .key = transport->files[1],
        .authority = transport->files[2],
    };

    if (transport->plain) {
        return ERROR_NONE;
    }
    TRY(tls_identity_load(&files, transport->hello.node, &identity));
    tls_identity_free(transport->identity);
    transport->identity = identity;
    return ERROR_NONE;
}

static enum error add_remotes(struct transport *transport,
                              const struct transport_settings *settings)
{
    for (size_t i = 0; i < settings->n_nodes; i++) {
        struct remote *remote = &transport->remotes[i];

        transport->n_remotes++;
        TRY(remote_init(remote, transport, &settings->nodes[i]));
    }
    return ERROR_NONE;
}

static enum error make_handles(struct transport *transport)
{
    uv_loop_t *uv = loop_uv(transport->loop);

    if (uv_tcp_init(uv, &transport->listener) != 0) {
        return ERROR_NO_MEMORY;
    }
    transport->listener.data = transport;
    transport->holds++;
    CHECK(uv_idle_init(uv, &transport->awake) == 0);
    transport->awake.data = transport;
    transport->holds++;
    transport->tick = timer_new(transport->loop, on_tick, transport);
    return transport->tick != NULL ? ERROR_NONE : ERROR_NO_MEMORY;
}

static enum error transport_start(struct transport *transport,
                                  const struct transport_settings *settings)
{
    TRY(copy_files(transport, &settings->tls));
    TRY(transport_reload_tls(transport));
    TRY(make_handles(transport));
    TRY(add_remotes(transport, settings));
    TRY(peer_listener_open(transport, settings->listen_host,
                           settings->listen_port));
    for (size_t i = 0; i < transport->n_remotes; i++) {
        remote_start(&transport->remotes[i]);
    }
    timer_start(transport->tick, TRANSPORT_TICK_MS, TRANSPORT_TICK_MS);
    loop_on_turn(transport->loop, on_turn, transport);
    return ERROR_NONE;
}

enum error transport_open(struct loop *loop,
                          const struct transport_settings *settings,
                          const struct transport_events *events, void *context,
                          struct transport **transport_out)
{
    struct transport *transport;
    enum error error;

    TRY(transport_settings_check(settings));
    transport = calloc(1, sizeof(*transport));
    if (transport == NULL) {
        return ERROR_NO_MEMORY;
    }
    signal(SIGPIPE, SIG_IGN);
    transport->loop = loop;
    transport->events = *events;
    transport->context = context;
    transport->hello = settings->hello;
    transport->plain = settings->plain;
    transport->limits = transport_limits_of(&settings->limits);
    transport->ticked_us = loop_now_us(loop);
    transport->accepts_left = TRANSPORT_ACCEPTS_PER_TICK;
    TAILQ_INIT(&transport->connections);
    error = transport_start(transport, settings);
    if (error != ERROR_NONE) {
        transport_close(transport);
        return error;
    }
    *transport_out = transport;
    return ERROR_NONE;
}

void transport_close(struct transport *transport)
{
    struct connection *connection;

    if (transport == NULL) {
        return;
    }
    transport->closing = true;
    loop_on_turn(transport->loop, NULL, transport);
    timer_free(transport->tick);
    for (size_t i = 0; i < transport->n_remotes; i++) {
        remote_deinit(&transport->remotes[i]);
    }
    TAILQ_FOREACH (connection, &transport->connections, link) {
        peer_connection_close(connection);
    }
    if (transport->holds == 0) {
        transport_free(transport);
        return;
    }
    uv_close((uv_handle_t *)&transport->listener, on_handle_closed);
    uv_close((uv_handle_t *)&transport->awake, on_handle_closed);
}

enum error transport_send(struct transport *transport, uint8_t node,
                          const struct peer_message *message)
{
    struct remote *remote = transport_remote(transport, node);

    CHECK(peer_class_of(message->kind) != PEER_CLASS_CONTROL);
    if (remote == NULL) {
        return ERROR_NOT_FOUND;
    }
    if (remote->open == NULL) {
        return ERROR_CLOSED;
    }
    return peer_connection_send(remote->open, message);
}

void transport_set_hello(struct transport *transport,
                         const struct peer_hello *hello)
{
    CHECK(peer_hello_check(hello) == ERROR_NONE);
    CHECK(hello->node == transport->hello.node);
    transport->hello = *hello;
}

void transport_drop(struct transport *transport, uint8_t node, const char *why)
{
    struct remote *remote = transport_remote(transport, node);

    if (remote != NULL && remote->open != NULL) {
        peer_connection_end(remote->open, TRANSPORT_DROPPED, why);
    }
}

int64_t transport_certificate_expires_s(const struct transport *transport)
{
    return transport->plain ? 0 : tls_identity_expires_s(transport->identity);
}

enum error transport_stats_of(const struct transport *transport, uint8_t node,
                              struct transport_stats *stats_out)
{
    if (node == 0) {
        *stats_out = transport->strangers;
        return ERROR_NONE;
    }
    for (size_t i = 0; i < transport->n_remotes; i++) {
        const struct remote *remote = &transport->remotes[i];

        if (remote->node != node) {
            continue;
        }
        *stats_out = remote->stats;
        stats_out->connected = remote->open != NULL;
        for (int c = 0; c < PEER_CLASSES && remote->open != NULL; c++) {
            stats_out->queued_bytes[c] =
                outgoing_bytes(&remote->open->outgoing, (enum peer_class)c);
        }
        return ERROR_NONE;
    }
    return ERROR_NOT_FOUND;
}

uint16_t transport_port(const struct transport *transport)
{
    struct sockaddr_storage address;
    int len = sizeof(address);

    CHECK(uv_tcp_getsockname(&transport->listener, (struct sockaddr *)&address,
                             &len) == 0);
    /* Both families keep the port at the same place. */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

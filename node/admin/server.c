#include "node/admin/server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/admin/far.h"
#include "node/admin/local.h"
#include "node/admin/server_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"

/* Who is in the middle of an answer is not sent away for a newcomer. */
static bool is_idle(const struct client *client)
{
    return client->state == CLIENT_HANDSHAKING ||
           client->state == CLIENT_LISTENING;
}

bool server_make_room(struct server *server)
{
    struct client *client;

    if (server->n_clients < SERVER_CLIENTS_MAX) {
        return true;
    }
    TAILQ_FOREACH (client, &server->clients, link) {
        if (is_idle(client)) {
            meter_add(&server->meters.displaced, 1);
            client_close(client);
            return true;
        }
    }
    meter_add(&server->meters.refused, 1);
    journal_warning("client_refused", "reason=\"%d clients wait\"",
                    SERVER_CLIENTS_MAX);
    return false;
}

/* Whoever lets the server wait is cut off; the desk keeps its own time. */
static void on_tick(void *context)
{
    struct server *server = context;
    uint64_t now_us = loop_now_us(server->loop);
    struct client *client, *next;

    TAILQ_FOREACH_SAFE (client, &server->clients, link, next) {
        if (client->state != CLIENT_ASKED &&
            now_us - client->since_us >= server->options.wait_ms * 1000) {
            meter_add(&server->meters.timed_out, 1);
            client_close(client);
        }
    }
}

static struct client *find(struct server *server, uint64_t id)
{
    struct client *client;

    TAILQ_FOREACH (client, &server->clients, link) {
        if (client->id == id) {
            return client;
        }
    }
    return NULL;
}

/* By id, not by address: the client may be gone, and another in its place. */
static void on_replies(void *context, struct letter_list *list)
{
    struct server *server = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct admin_told *told = (struct admin_told *)letter;
        struct client *client = find(server, told->client);

        STAILQ_REMOVE_HEAD(list, link);
        if (client != NULL) {
            client_answer(client, &told->frame);
        }
        admin_told_free(told);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct server *server = listener->data;

    if (status == 0) {
        client_accept(server, listener);
    }
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static enum error serve(struct server *server, uv_stream_t *listener)
{
    listener->data = server;
    return uv_listen(listener, SERVER_CLIENTS_MAX, on_connection) == 0
               ? ERROR_NONE
               : ERROR_IO;
}

static enum error open_local(struct server *server)
{
    int fd;

    TRY(local_listen(server->options.path, server->options.group, &fd));
    server->local = calloc(1, sizeof(*server->local));
    if (server->local == NULL) {
        close(fd);
        return ERROR_NO_MEMORY;
    }
    CHECK(uv_pipe_init(loop_uv(server->loop), server->local, 0) == 0);
    if (uv_pipe_open(server->local, fd) != 0) {
        close(fd);
        return ERROR_IO;
    }
    journal_notice("administrators_listening", "socket=%s",
                   server->options.path);
    return serve(server, (uv_stream_t *)server->local);
}

/* Connections that are open keep what they began with. */
static enum error load_identity(struct server *server)
{
    struct tls_identity *identity;

    TRY(far_identity(&server->options.tls, &identity));
    tls_identity_free(server->identity);
    server->identity = identity;
    meter_set(&server->meters.certificate_expires_s,
              tls_identity_expires_s(identity));
    return ERROR_NONE;
}

static void on_reload(void *context)
{
    struct server *server = context;

    if (server->far != NULL && load_identity(server) == ERROR_NONE) {
        journal_notice("certificate_reloaded", "tls=%s:%u",
                       server->options.tls.host, (unsigned)server->port);
    }
}

static enum error open_far(struct server *server)
{
    const struct server_tls *tls = &server->options.tls;
    int fd;

    TRY(load_identity(server));
    TRY(far_listen(tls->host, tls->port, &fd, &server->port));
    server->far = calloc(1, sizeof(*server->far));
    if (server->far == NULL) {
        close(fd);
        return ERROR_NO_MEMORY;
    }
    CHECK(uv_tcp_init(loop_uv(server->loop), server->far) == 0);
    if (uv_tcp_open(server->far, fd) != 0) {
        close(fd);
        return ERROR_IO;
    }
    journal_notice("administrators_listening", "tls=%s:%u", tls->host,
                   (unsigned)server->port);
    return serve(server, (uv_stream_t *)server->far);
}

static enum error open_parts(struct server *server)
{
    server->replies =
        letters_new(server->loop, SERVER_CLIENTS_MAX, on_replies, server);
    server->reload = waker_new(server->loop, on_reload, server);
    server->tick = timer_new(server->loop, on_tick, server);
    if (server->replies == NULL || server->reload == NULL ||
        server->tick == NULL) {
        return ERROR_NO_MEMORY;
    }
    timer_start(server->tick, SERVER_TICK_MS, SERVER_TICK_MS);
    if (server->options.path != NULL) {
        TRY(open_local(server));
    }
    if (server->options.tls.host != NULL) {
        TRY(open_far(server));
    }
    return ERROR_NONE;
}

enum error server_open(struct loop *loop, const struct server_options *options,
                       struct letters *desk, struct server **server_out)
{
    struct server *server = calloc(1, sizeof(*server));
    enum error error;

    if (server == NULL) {
        return ERROR_NO_MEMORY;
    }
    server->loop = loop;
    server->options = *options;
    server->desk = desk;
    TAILQ_INIT(&server->clients);
    if (server->options.wait_ms == 0) {
        server->options.wait_ms = SERVER_WAIT_MS_MAX;
    }
    error = open_parts(server);
    if (error != ERROR_NONE) {
        server_close(server);
        return error;
    }
    *server_out = server; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void server_reload(struct server *server)
{
    waker_wake(server->reload);
}

static void close_letters(struct letters *letters)
{
    struct letter_list left;
    struct letter *letter;

    letters_close(letters, &left);
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        admin_told_free((struct admin_told *)letter);
    }
    letters_free(letters);
}

static void close_listeners(struct server *server)
{
    if (server->local != NULL) {
        unlink(server->options.path);
        uv_close((uv_handle_t *)server->local, free_handle);
    }
    if (server->far != NULL) {
        uv_close((uv_handle_t *)server->far, free_handle);
    }
}

void server_close(struct server *server)
{
    if (server == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&server->clients)) {
        client_close(TAILQ_FIRST(&server->clients));
    }
    close_listeners(server);
    waker_free(server->reload);
    timer_free(server->tick);
    if (server->replies != NULL) {
        close_letters(server->replies);
    }
    tls_identity_free(server->identity);
    free(server);
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

const struct server_meters *server_meters(const struct server *server)
{
    return &server->meters;
}

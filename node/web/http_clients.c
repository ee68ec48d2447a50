#include "node/web/http_clients.h"

#include <bsd/sys/queue.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/base/check.h"

struct http_client {
    TAILQ_ENTRY(http_client) link; /* While not cut off. */
    int socket;
    uint64_t since_us; /* Waits since then. */
    bool cut_off;
};

struct http_clients {
    TAILQ_HEAD(, http_client) waiting; /* The one that waits longest first. */
    size_t n;                          /* Of waiting. */
    uint64_t wait_us;
    struct http_clients_meters *meters;
};

struct http_clients *http_clients_new(uint64_t wait_ms,
                                      struct http_clients_meters *meters)
{
    struct http_clients *clients = calloc(1, sizeof(*clients));

    if (clients != NULL) {
        TAILQ_INIT(&clients->waiting);
        clients->wait_us = wait_ms * 1000;
        clients->meters = meters;
    }
    return clients;
}

void http_clients_free(struct http_clients *clients)
{
    if (clients != NULL) {
        CHECK(TAILQ_EMPTY(&clients->waiting));
        free(clients);
    }
}

/* The connection's owner still holds it, and lets it go when it reads the end
 * or cannot write. */
static void cut_off(struct http_clients *clients, struct http_client *client)
{
    TAILQ_REMOVE(&clients->waiting, client, link);
    clients->n--;
    client->cut_off = true;
    shutdown(client->socket, SHUT_RDWR);
}

struct http_client *http_clients_join(struct http_clients *clients, int socket,
                                      uint64_t now_us)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        return NULL;
    }
    if (clients->n == HTTP_CLIENTS_KEPT) {
        cut_off(clients, TAILQ_FIRST(&clients->waiting));
        meter_add(&clients->meters->displaced, 1);
    }
    client->socket = socket;
    client->since_us = now_us;
    TAILQ_INSERT_TAIL(&clients->waiting, client, link);
    clients->n++;
    meter_move(&clients->meters->connected, 1);
    return client;
}

void http_clients_progress(struct http_clients *clients,
                           struct http_client *client, uint64_t now_us)
{
    if (client->cut_off) {
        return;
    }
    client->since_us = now_us;
    TAILQ_REMOVE(&clients->waiting, client, link);
    TAILQ_INSERT_TAIL(&clients->waiting, client, link);
}

void http_clients_gone(struct http_clients *clients, struct http_client *client)
{
    if (!client->cut_off) {
        TAILQ_REMOVE(&clients->waiting, client, link);
        clients->n--;
    }
    meter_move(&clients->meters->connected, -1);
    free(client);
}

void http_clients_expire(struct http_clients *clients, uint64_t now_us)
{
    struct http_client *client;

    while ((client = TAILQ_FIRST(&clients->waiting)) != NULL &&
           now_us - client->since_us > clients->wait_us) {
        cut_off(clients, client);
        meter_add(&clients->meters->timed_out, 1);
    }
}

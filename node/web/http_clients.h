/* Who is connected to the web listener, in the order in which they began to
 * wait: a client that lets the server wait must not keep others out.
 *
 * One rule covers a half-sent request, a reply nobody reads and an idle
 * connection: whoever completes no request within HTTP_WAIT_MS_MAX is cut off.
 * And when more than HTTP_CLIENTS_KEPT are connected, a newcomer displaces the
 * one that has waited longest, so that places are always to be had; an honest
 * request needs its place for a millisecond.
 *
 * Thread: web.
 */
#ifndef NODE_WEB_HTTP_CLIENTS_H
#define NODE_WEB_HTTP_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/meter.h"

enum {
    HTTP_CLIENTS_MAX = 64,    /* Accepted at a time; others wait in the kernel
                                 until those cut off are gone. */
    HTTP_CLIENTS_KEPT = 48,   /* More than these displace the oldest. */
    HTTP_WAIT_MS_MAX = 10000, /* For a request line, and again from there to
                                 the end of the reply. */
};

struct http_clients_meters {
    struct meter_gauge connected;
    struct meter_counter timed_out, displaced;
};

struct http_clients;
struct http_client;

/**
 * Start with none.
 *
 * @wait_ms  Used for HTTP_WAIT_MS_MAX.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct http_clients *http_clients_new(uint64_t wait_ms,
                                      struct http_clients_meters *meters);

/** Free. Accepts NULL. All clients are gone. */
void http_clients_free(struct http_clients *clients);

/**
 * Take a new connection in; may cut off the client that has waited longest.
 *
 * @socket  Borrowed until http_clients_gone; cut off by shutdown(2), so that
 *          its owner sees the end and closes it.
 *
 * Returns NULL when memory is out.
 */
struct http_client *http_clients_join(struct http_clients *clients, int socket,
                                      uint64_t now_us);

/** The client begins to wait anew: a request line came or a reply went. */
void http_clients_progress(struct http_clients *clients,
                           struct http_client *client, uint64_t now_us);

/** The connection is closed; frees the client. */
void http_clients_gone(struct http_clients *clients,
                       struct http_client *client);

/** Cut off who has waited too long. Called twice per wait_ms or more often. */
void http_clients_expire(struct http_clients *clients, uint64_t now_us);

#endif

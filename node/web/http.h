/* A small HTTP/1.1 server for pages about the node: a table of routes, replies
 * made in memory, nothing that takes a body.
 *
 * libmicrohttpd in external epoll mode does the protocol on the loop it is
 * given; requests that are not to the letter are refused before a handler sees
 * them (http_head.h), clients that let it wait are cut off (http_clients.h).
 * HEAD is answered for every GET, 404 and 405 for what is not in the table.
 *
 * Thread: the loop's; open before it runs, close after.
 */
#ifndef NODE_WEB_HTTP_H
#define NODE_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/web/http_clients.h"
#include "node/web/http_head.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"

#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_JSON "application/json"

enum {
    HTTP_MEMORY_BYTES_MAX = 16384, /* Of one connection: the request's head and
                                      the head of the reply. A request line
                                      that does not fit is answered 414, other
                                      fields 431. */
    HTTP_CLASSES = 6,              /* Of statuses: 2 for 2xx, and so on. */
    HTTP_ROUTES_MAX = 32,
};

struct http_request {
    struct MHD_Connection *connection; /* For http_query_has. */
    const char *method, *path;
};

/* Filled by the handler. */
struct http_reply {
    unsigned status;          /* 200 at first. */
    const char *content_type; /* Static; HTTP_TEXT at first. */
    struct buffer body;       /* Empty at first; taken over. If an append to it
                                 failed, the client gets 503. */
};

struct http_route {
    const char *method; /* "GET" is for HEAD, too. */
    const char *path;   /* All of it, decoded. */
    void (*handle)(void *context, const struct http_request *request,
                   struct http_reply *reply);
    void *context;
};

struct http_options {
    const char *host; /* To listen at; a name or an address. */
    uint16_t port;    /* 0: any that is free. */
    uint64_t wait_ms; /* 0: HTTP_WAIT_MS_MAX. */
};

/* What the server counts. */
struct http_meters {
    struct http_clients_meters clients;
    struct meter_counter replies[HTTP_CLASSES]; /* By class of status; those
                                                   of the library apart. */
    struct meter_counter refused[HTTP_FAULTS];
    struct meter_histogram seconds; /* Request line to end of reply. */
};

struct http;

/**
 * Listen and serve.
 *
 * @routes  At most HTTP_ROUTES_MAX; copied. Handlers run on the loop's thread
 *          and must not block.
 *
 * Returns IO, NOT_FOUND (no such host), EXISTS (the address is in use) or
 * NO_MEMORY; the journal says which address it was.
 */
enum error http_open(struct http **http_out, struct loop *loop,
                     const struct http_options *options,
                     const struct http_route *routes, size_t routes_n);

/** Cut off all clients, stop listening and free. Accepts NULL. */
void http_close(struct http *http);

/** The port it listens at. */
uint16_t http_port(const struct http *http);

/** Borrow what it counts, for a registry. */
const struct http_meters *http_meters(const struct http *http);

/** Tell whether the query has a key, with or without a value. */
bool http_query_has(const struct http_request *request, const char *key);

#endif

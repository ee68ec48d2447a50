/* The administrators' server: takes their connections, reads a request at a
 * time off each, hands it to the desk and writes the reply.
 *
 * Whoever may connect is believed to be an administrator: by the mode of the
 * local socket's file, or by a certificate that one of the administrators'
 * authorities has issued to "admin:<name>". A client costs one request's
 * memory and is cut off when it lets the server wait; when all places are
 * taken, the one that has been idle longest makes room.
 *
 * The process ignores SIGPIPE: a client may go while its reply is written.
 *
 * Thread: the web loop's; open before it runs, close after. server_reload and
 * what it counts: any.
 */
#ifndef NODE_ADMIN_SERVER_H
#define NODE_ADMIN_SERVER_H

#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/letters.h"
#include "proto/base/loop.h"
#include "proto/base/meter.h"

enum {
    SERVER_CLIENTS_MAX = 64,
    SERVER_TICK_MS = 500,       /* How exactly the following is kept. */
    SERVER_WAIT_MS_MAX = 30000, /* For a whole request, or for a reply to be
                                   taken. */
};

/* Where to listen by TLS, and as whom. */
struct server_tls {
    const char *host; /* NULL: not at all. */
    uint16_t port;    /* 0: any that is free. */
    uint8_t node;     /* As the certificate names this node. */
    const char *certificate, *key, *authority; /* As between nodes. */
    const char *administrators; /* Authorities that issue to them, PEM; NULL:
                                   those between nodes. */
};

struct server_options {
    uint8_t node;         /* For the answer to a ping. */
    const char *software; /* "perchd 0.1.0" */
    const char *path;     /* Of the local socket; NULL: none. */
    const char *group;    /* Whose members may use it, too; NULL: none. */
    struct server_tls tls;
    uint64_t wait_ms; /* 0: SERVER_WAIT_MS_MAX. */
    /** Append the page of metrics. On the web loop. */
    void (*page)(void *context, struct buffer *to);
    void *page_context;
};

struct server_meters {
    struct meter_gauge clients;
    struct meter_gauge certificate_expires_s; /* Since 1970; 0: no TLS. */
    struct meter_counter requests;            /* Whole ones. */
    struct meter_counter refused;   /* Not to be read, or too many wait. */
    struct meter_counter strangers; /* TLS that failed, or no administrator. */
    struct meter_counter timed_out;
    struct meter_counter displaced; /* Cut off to make room. */
};

struct server;

/**
 * Listen.
 *
 * @loop     libuv's (proto/base/os).
 * @options  Copied; texts are borrowed for the server's life.
 * @desk     Takes struct admin_ask; outlives what is sent.
 *
 * Returns what local_listen returns, IO or NOT_FOUND for the address, TLS for
 * certificates that cannot be used, or NO_MEMORY; the journal says why.
 */
enum error server_open(struct loop *loop, const struct server_options *options,
                       struct letters *desk, struct server **server_out);

/**
 * Have certificate, key and authorities read again soon, for connections to
 * come.
 *
 * Files that cannot be used change nothing; the journal says why.
 */
void server_reload(struct server *server);

/** Cut off all clients, remove the socket and free. Accepts NULL. */
void server_close(struct server *server);

/** Tell the port of TLS; 0 without. */
uint16_t server_port(const struct server *server);

/** Borrow what it counts, for a registry. */
const struct server_meters *server_meters(const struct server *server);

#endif

/* The insides of the server, for its own files: server.c listens and keeps
 * time, client.c moves bytes, request.c has requests answered.
 *
 * Thread: the web loop's.
 */
#ifndef NODE_ADMIN_SERVER_PARTS_H
#define NODE_ADMIN_SERVER_PARTS_H

#include "node/admin/client.h"
#include "node/admin/server.h"

enum { SERVER_READ_BYTES = 64 * 1024 };

/* Connections; the one longest in its state first. */
TAILQ_HEAD(clients, client);

struct server {
    struct loop *loop;
    struct server_options options;
    struct letters *desk;          /* Takes asks. */
    struct letters *replies;       /* Gives struct admin_told. */
    struct tls_identity *identity; /* NULL: no TLS. */
    uv_pipe_t *local;              /* NULL: no local socket. */
    uv_tcp_t *far;                 /* NULL: no TLS. */
    uint16_t port;
    struct waker *reload;
    struct timer *tick;
    struct clients clients; /* The one longest in its state first. */
    size_t n_clients;
    uint64_t id_last;
    struct server_meters meters;
    char room[SERVER_READ_BYTES]; /* What is being read, until it is given on;
                                     one at a time on this loop. */
};

/** Have a whole frame answered: at once, or by the desk. */
void request_take(struct client *client, const struct frame *frame);

/** Refuse a frame whose header cannot be accepted, and end the client. */
void request_refuse_header(struct client *client, const struct frame *frame,
                           enum error error);

/** Make place for a newcomer if need be. Returns false when there is none. */
bool server_make_room(struct server *server);

#endif

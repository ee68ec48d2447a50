/* What the parts of the transport share: the transport and, for each node
 * that is configured, what is known of it.
 *
 *   transport_uv.c  opens, sends, ticks
 *   listener.c      accepts, at a pace
 *   settings.c      what may be configured
 *   remote.c        one configured node: dialing, the connection in use
 *   connection.c    one connection from its first byte to its last
 *   greeting.c      who is it, and may it stay
 *   stream_in.c     bytes from the socket, through TLS, to messages
 *   stream_out.c    frames, through TLS, to the socket
 *   outgoing.c      what waits to be sent, by class
 *   told.c          the journal's lines, and how often
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_TRANSPORT_UV_H
#define RAFT_PEER_TRANSPORT_UV_H

#include <bsd/sys/queue.h>

#include "proto/base/os/loop_uv.h"
#include "raft/peer/told.h"
#include "raft/transport.h"

enum {
    TRANSPORT_HOST_BYTES_MAX = 255,
    TRANSPORT_READ_BYTES = 64 * 1024, /* Taken from a socket at a time. */
    TRANSPORT_TICK_MS = 50,           /* Between looks at the clock. */
    /* Connections accepted in a tick: what strangers may cost of the loop's
     * time, for each begins with a TLS handshake. */
    TRANSPORT_ACCEPTS_PER_TICK = 8,
};

struct connection;
struct tls_identity;

/* A configured node. */
struct remote {
    struct transport *transport;
    uint8_t node;
    char host[TRANSPORT_HOST_BYTES_MAX + 1];
    uint16_t port;
    bool dials;                 /* This side dials: its node id is lower. */
    struct connection *open;    /* In use; NULL while there is none. */
    struct connection *dialing; /* On its way; NULL while there is none. */
    struct timer *redial;       /* NULL where this side does not dial. */
    uint32_t backoff_ms;
    unsigned attempts; /* Which of a name's addresses is next. */
    uv_getaddrinfo_t lookup;
    bool looking_up;
    struct told told;
    struct transport_stats stats;
};

struct transport {
    struct loop *loop;
    struct transport_events events;
    void *context;
    struct peer_hello hello;
    struct transport_limits limits; /* No field is 0. */

    bool plain;
    char *files[3]; /* Certificate, key, authority; NULL when plain. */
    struct tls_identity *identity; /* NULL when plain. */

    uv_tcp_t listener;
    uv_idle_t awake; /* Runs while there is something to flush. */
    struct timer *tick;
    uint64_t ticked_us;
    unsigned accepts_left; /* In this tick. */
    bool accept_waits;     /* A connection waits for the next tick. */
    TAILQ_HEAD(connection_list, connection) connections; /* Oldest first. */

    struct remote remotes[TRANSPORT_NODES_MAX];
    size_t n_remotes;
    struct told strangers_told;
    struct transport_stats strangers;

    bool closing; /* The owner is gone: no more events. */
    size_t holds; /* Handles and look-ups that still point here. */
    uint8_t scratch[TRANSPORT_READ_BYTES];
};

/** Find a configured node; NULL when it is none. */
struct remote *transport_remote(struct transport *transport, uint8_t node);

/** Flush at the end of this turn, or of the next, without waiting. */
void transport_wake(struct transport *transport);

/** Let go of a hold; the last one of a closed transport frees it. */
void transport_release(struct transport *transport);

#endif

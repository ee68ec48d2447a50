/* The SIP edge: sockets, TLS, SIP transactions and dialogs of the clients that
 * are connected to one thread of a node.
 *
 * An edge is a thread with its own loop and its own listeners; several edges
 * may listen on one port. What its clients ask goes to the state loop as
 * intakes, and what they are told comes back as deliveries; nothing else is
 * shared. An edge knows no rooms.
 *
 * Thread: any, unless a function says otherwise.
 */
#ifndef NODE_SIP_EDGE_H
#define NODE_SIP_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/session/delivery.h"
#include "node/session/intake.h"
#include "node/sip/limits.h"
#include "node/sip/metrics.h"
#include "proto/base/error.h"

struct edge;

enum edge_auth {
    EDGE_AUTH_DIGEST, /* 407, with HA1 from the pool's state. */
    EDGE_AUTH_NONE,   /* Whoever connects is who he says he is. */
};

enum edge_admission {
    EDGE_OPEN,          /* Everyone. */
    EDGE_CLOSED_TO_NEW, /* Who is signed in stays; others get 503. */
};

struct edge_listener {
    const char *address; /* Numeric, IPv4 or IPv6. */
    uint16_t port;       /* 0: any that is free; see edge_port. */
    enum edge_auth auth;
    bool tls;
    const char *certificate_file; /* With tls: PEM, the leaf first. */
    const char *key_file;
    const char *chain_file; /* More of the chain; NULL for none. */
};

struct edge_settings {
    uint8_t edge;         /* Its number among the edges of the node. */
    uint8_t node;         /* 1..255; part of the tags it makes. */
    const char *domain;   /* The realm, and the domain of ocschat@. */
    const char *host;     /* Names the node in diagnostics. */
    const char *node_uri; /* "sip:node2@fjord.example": may be invited. */
    const struct edge_listener *listeners;
    size_t n;
    enum edge_admission admission; /* Until edge_set_admission. */
    bool open_anywhere;            /* Allow EDGE_AUTH_NONE beyond loopback. */
    struct edge_limits limits;
};

/**
 * Open the listeners and begin to serve.
 *
 * @settings  Borrowed for the call.
 * @intake    The state loop's queue; outlives the edge.
 *
 * Returns INVALID (a setting, or no authentication beyond loopback), TLS (a
 * certificate), BUSY (a port is taken), IO or NO_MEMORY, with a journal line
 * that says which. The edge is the caller's, to be closed.
 */
enum error edge_open(struct edge **edge_out,
                     const struct edge_settings *settings,
                     struct letters *intake);

/** Borrow the queue that takes this edge's deliveries. */
struct letters *edge_deliveries(struct edge *edge);

/** Tell on which port a listener listens, by its place in the settings. */
uint16_t edge_port(const struct edge *edge, size_t listener);

/** Open or close the door to sign-ins on new connections. */
void edge_set_admission(struct edge *edge, enum edge_admission admission);

/**
 * Load all certificates again; new connections get them.
 *
 * Returns TLS or NO_MEMORY, with a journal line; the old ones then stay.
 */
enum error edge_reload_certificates(struct edge *edge);

/** Tell when the first of the certificates in use ends: seconds since 1970; 0
 * without TLS. */
int64_t edge_certificate_expires_s(const struct edge *edge);

/**
 * Leave: stop listening, send away who signs in, close connections in batches
 * at jittered intervals.
 *
 * @target    "sip:node3.fjord.example:5061;transport=tls" for the 301 that
 *            answers a first REGISTER; NULL: 503.
 * @batch     Connections closed at once; 0: none, only new ones are refused.
 * @batch_ms  From batch to batch, on average.
 */
void edge_drain(struct edge *edge, const char *target, unsigned batch,
                unsigned batch_ms);

/** Read one of the edge's counts. */
uint64_t edge_metric(const struct edge *edge, enum edge_metric metric);

/**
 * Close all connections, end the thread and free. Every dialog's end has been
 * told to the state loop when this returns. Accepts NULL.
 */
void edge_close(struct edge *edge);

#endif

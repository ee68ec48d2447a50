/* Listening sockets: who may come in.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_LISTENER_H
#define NODE_SIP_LISTENER_H

#include <uv.h>

#include "node/sip/address.h"
#include "node/sip/edge.h"
#include "node/sip/tls.h"
#include "proto/base/meter.h"

struct listener {
    struct edge *edge;
    struct edge_listener settings; /* Texts belong to the edge. */
    uv_tcp_t tcp;
    struct tls_keys *keys;        /* NULL without TLS. */
    struct meter_gauge expires_s; /* Their certificate's end, since 1970. */
    uint16_t port;
    bool is_open;
    bool stalled; /* A connection waits for memory to be accepted. */
};

/**
 * Bind and listen, with SO_REUSEPORT.
 *
 * @listener  Zeroed; must stay where it is until the loop has closed it.
 *
 * Returns as edge_open does; a listener that failed may be closed.
 */
enum error listener_open(struct listener *listener, struct edge *edge,
                         const struct edge_listener *settings);

/** Take keys into use in place of those it has, if any. */
void listener_take_keys(struct listener *listener, struct tls_keys *keys);

/** Try again what lacked memory. */
void listener_retry(struct listener *listener);

/** Stop listening. Accepts a closed one. */
void listener_close(struct listener *listener);

#endif

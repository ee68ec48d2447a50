/* A witness's HTTP: POST /add-checkpoint, GET /ORIGIN/checkpoint (ORIGIN its
 * SHA-256 in hex), GET /metrics.
 *
 * libmicrohttpd, one thread of its own. That one thread is what makes looking
 * into the book, comparing and writing one step. TLS, where it is wanted, is a
 * reverse proxy's.
 *
 * Thread: main opens and closes; the witness is the server's in between.
 */
#ifndef OPS_WITNESS_SERVER_H
#define OPS_WITNESS_SERVER_H

#include <stdint.h>

#include "ops/witness/witness.h"
#include "proto/base/error.h"

enum {
    SERVER_TIMEOUT_S = 10,               /* Of a silent connection. */
    SERVER_CONNECTION_BYTES = 16 * 1024, /* Head and buffers of one. */
    SERVER_CONNECTIONS_OF_ADDRESS_MAX = 16,
};

struct server;

/**
 * Listen and answer.
 *
 * @witness   Borrowed until server_close.
 * @port_out  The port in use.
 *
 * Returns NOT_FOUND (no such host), IO (the address cannot be had) or
 * NO_MEMORY; the journal says why.
 */
enum error server_open(struct witness *witness, const char *host, uint16_t port,
                       unsigned connections, struct server **server_out,
                       uint16_t *port_out);

/** Answer what has been asked, and stop. Accepts NULL. */
void server_close(struct server *server);

#endif

/* The administrators' listener for other machines: TLS 1.3 between a node and
 * an administrator, each with a certificate.
 *
 * The node shows the certificate it shows to other nodes, "node<number>". It
 * takes certificates of the administrators' authorities; whom they name is
 * actor.h's.
 *
 * Thread: far_listen main, at start; far_identity that and the web loop's.
 */
#ifndef NODE_ADMIN_FAR_H
#define NODE_ADMIN_FAR_H

#include <stdint.h>

#include "node/admin/server.h"
#include "raft/peer/tls.h"

/**
 * Load certificate, key and authorities.
 *
 * Returns TLS, with a journal line saying which file is wrong and how.
 */
enum error far_identity(const struct server_tls *files,
                        struct tls_identity **identity_out);

/**
 * Listen at a numeric address.
 *
 * @port_out    The port in use.
 * @socket_out  Not blocking, closed on exec; not listening yet.
 *
 * Returns INVALID (no address) or IO (in use, not permitted); the journal says
 * why.
 */
enum error far_listen(const char *host, uint16_t port, int *socket_out,
                      uint16_t *port_out);

#endif

/* An administrator's side of TLS.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_PERCHCTL_TUNNEL_H
#define OPS_PERCHCTL_TUNNEL_H

#include "ops/perchctl/wire.h"
#include "raft/peer/tls.h"

/**
 * Load the administrator's certificate and key, and who issues to nodes.
 *
 * Returns TLS, and why names the file.
 */
enum error tunnel_load(const struct options *options,
                       struct tls_identity **identity_out,
                       char why[WIRE_WHY_BYTES]);

/** Free. Accepts NULL. */
void tunnel_free(struct tls_identity *identity);

/** Make sure that the other side is a node: another administrator with a
 * certificate of the same authority is none. */
enum error tunnel_check(const struct tls *tls, char why[WIRE_WHY_BYTES]);

#endif

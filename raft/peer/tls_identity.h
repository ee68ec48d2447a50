/* The certificate, key and authority of this node, ready for connections.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_TLS_IDENTITY_H
#define RAFT_PEER_TLS_IDENTITY_H

#include <stdint.h>

#include <openssl/ssl.h>

struct tls_identity {
    SSL_CTX *context;
    int64_t expires_s; /* The certificate, seconds since 1970. */
};

#endif

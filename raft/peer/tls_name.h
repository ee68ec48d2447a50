/* Which node a certificate names.
 *
 * Thread: any.
 */
#ifndef RAFT_PEER_TLS_NAME_H
#define RAFT_PEER_TLS_NAME_H

#include <stdint.h>

#include <openssl/x509.h>

#include "proto/base/slice.h"

/**
 * Read "node<id>": decimal, 1 to 255, no zeros before, nothing after.
 *
 * Returns 0 for any other text.
 */
uint8_t tls_name_node(struct slice text);

/**
 * Copy the name of a certificate: the only common name of its subject.
 *
 * Returns its bytes, without NUL; 0 when there is none, there are several, or
 * it does not fit.
 */
size_t tls_certificate_name(X509 *certificate, char *name_out, size_t room);

/**
 * Read the node from a certificate: its subject has exactly one common name,
 * and that names the node.
 *
 * Returns 0 for any other certificate.
 */
uint8_t tls_certificate_node(X509 *certificate);

#endif

/* TLS for one connection, over OpenSSL 3, without OpenSSL ever seeing a
 * socket: bytes from the wire go in, bytes for the wire come out.
 *
 * OpenSSL keeps one queue of errors per thread. An error that one peer caused
 * and that is left there is taken for the next peer's; so each call into the
 * library here begins by emptying that queue.
 *
 * Thread: the connection's edge; edge_tls_keys_load any.
 */
#ifndef NODE_SIP_TLS_H
#define NODE_SIP_TLS_H

#include "proto/base/buffer.h"
#include "proto/base/error.h"

struct tls_keys; /* A listener's certificate, key and chain; counted. */
struct tls;

enum { TLS_RECORD_BYTES_MAX = 16 * 1024 }; /* RFC 8446 5.1, as plain text. */

/**
 * Load a certificate with its key.
 *
 * @certificate_file  PEM: the leaf, then any chain.
 * @chain_file        PEM: more of the chain; NULL for none.
 *
 * Returns TLS, with a journal line saying which file is wrong and how, or
 * NO_MEMORY. The keys are the caller's, to be released.
 */
enum error edge_tls_keys_load(struct tls_keys **keys_out,
                              const char *certificate_file,
                              const char *key_file, const char *chain_file);

/** Tell when the certificate ends, seconds since 1970. Any thread. */
int64_t edge_tls_keys_expires_s(const struct tls_keys *keys);

/** Let go; connections made with the keys keep what they need. Takes NULL. */
void edge_tls_keys_release(struct tls_keys *keys);

/**
 * Begin a server's handshake.
 *
 * @wire  Gets what must be sent; borrowed for the life of the tls.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct tls *edge_tls_new(struct tls_keys *keys, struct buffer *wire);

/** Free. Accepts NULL. */
void edge_tls_free(struct tls *tls);

/**
 * Read what came from the wire, going on with the handshake first.
 *
 * @wire       All of it is taken.
 * @plain      Gets what the peer said.
 * @plain_max  At least wire.len + TLS_RECORD_BYTES_MAX: a record begun earlier
 *             may end here.
 *
 * Returns CLOSED after the peer's close notice (plain may hold its last
 * words), TLS when the peer breaks the protocol.
 */
enum error edge_tls_read(struct tls *tls, struct slice wire, uint8_t *plain,
                         size_t plain_max, size_t *plain_len);

/** Encrypt for the wire. TLS when the session cannot go on. */
enum error edge_tls_write(struct tls *tls, struct slice plain);

/** Tell whether the handshake is complete. */
bool edge_tls_is_up(const struct tls *tls);

/** Write the close notice, once. */
void edge_tls_say_goodbye(struct tls *tls);

#endif

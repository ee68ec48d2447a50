/* TLS between nodes: 1.3 alone, both sides show a certificate, and its name is
 * the node's. Bytes in, bytes out; knows no socket.
 *
 * There are no sessions to resume, no tickets and no early data: a connection
 * is rare and lasts, and each proves anew who is at its ends.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_TLS_H
#define RAFT_PEER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "raft/transport.h"

struct tls;
struct tls_identity;

/**
 * Read certificate, key and authority.
 *
 * What is wrong with them is told by a journal line: unreadable, key of
 * another certificate, name not "node<node>", expired, not of the authority.
 *
 * Returns TLS for any of that.
 */
enum error tls_identity_load(const struct transport_tls *files, uint8_t node,
                             struct tls_identity **identity_out);

/** Free; connections made with it keep what they need. Accepts NULL. */
void tls_identity_free(struct tls_identity *identity);

/** Tell when the certificate expires, seconds since 1970. */
int64_t tls_identity_expires_s(const struct tls_identity *identity);

/** Begin one side of a connection. NULL when memory is out. */
struct tls *tls_new(const struct tls_identity *identity, bool dialing);

/** Free. Accepts NULL. */
void tls_free(struct tls *tls);

/** Give the bytes that came from the socket; read and handshake use them. */
enum error tls_receive(struct tls *tls, struct slice bytes);

/**
 * Go on with the handshake.
 *
 * Returns BUSY while bytes must come, NONE when it is done, TLS when it has
 * failed.
 */
enum error tls_handshake(struct tls *tls);

/**
 * Read what was said.
 *
 * @got_out  0 when more bytes must come.
 *
 * Returns CLOSED when the other side has ended the conversation, TLS when
 * what came is not from it.
 */
enum error tls_read(struct tls *tls, uint8_t *to, size_t room, size_t *got_out);

/** Say something; tls_take then has the bytes for the socket. */
enum error tls_write(struct tls *tls, struct slice bytes);

/** Append what is to go to the socket: of handshake, alerts and writes. */
void tls_take(struct tls *tls, struct buffer *to);

/** Tell the node the other side's certificate names; 0 for none. */
uint8_t tls_peer_node(const struct tls *tls);

/** Copy the name of the other side's certificate; as tls_certificate_name.
 */
size_t tls_peer_name(const struct tls *tls, char *name_out, size_t room);

/** Say why the last call failed; for a journal line. */
const char *tls_failure(const struct tls *tls);

#endif

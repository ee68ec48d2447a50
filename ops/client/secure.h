/* TLS as a client: whom to trust, and bytes in, bytes out. Knows no socket.
 *
 * The server's certificate must chain to the authority and be for the host
 * that was dialed, name or address, unless the trust accepts anyone. TLS 1.2
 * or later.
 *
 * Thread: the client's loop; a trust serves many clients of one loop.
 */
#ifndef OPS_CLIENT_SECURE_H
#define OPS_CLIENT_SECURE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum { SECURE_REASON_BYTES_MAX = 200 };

struct trust;
struct secure;

/**
 * Load whom to trust.
 *
 * @authority   File of PEM certificates; NULL: those of the system.
 * @any         Accept every certificate: for tests of a machine's own.
 * @reason_out  What is wrong, in words, on failure.
 *
 * Returns TLS or NO_MEMORY. Owned by the caller.
 */
enum error trust_open(const char *authority, bool any, struct trust **trust_out,
                      char reason_out[SECURE_REASON_BYTES_MAX]);

/** Free; connections made with it keep what they need. Accepts NULL. */
void trust_close(struct trust *trust);

/** Begin a connection to a host. NULL when memory is out. */
struct secure *secure_new(const struct trust *trust, const char *host);

/** Free. Accepts NULL. */
void secure_free(struct secure *secure);

/** Give bytes that came from the socket. NO_MEMORY. */
enum error secure_feed(struct secure *secure, struct slice bytes);

/**
 * Go on with the handshake.
 *
 * Returns BUSY while bytes must come, NONE when it is done, TLS when it has
 * failed: secure_reason says why.
 */
enum error secure_handshake(struct secure *secure);

/**
 * Read what the server said.
 *
 * @got_out  0 when more bytes must come.
 *
 * Returns CLOSED when it has ended the conversation, or TLS.
 */
enum error secure_read(struct secure *secure, void *to, size_t room,
                       size_t *got_out);

/** Say something; secure_take then has the bytes for the socket. TLS. */
enum error secure_write(struct secure *secure, struct slice bytes);

/** Say that the conversation is over; there may be bytes to take. */
void secure_finish(struct secure *secure);

/** Append what is to go to the socket. */
void secure_take(struct secure *secure, struct buffer *to);

/** Say in words why a call failed. Static or of the secure. */
const char *secure_reason(const struct secure *secure);

#endif

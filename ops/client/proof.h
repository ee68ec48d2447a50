/* The proof of knowing a password, as Digest wants it.
 *
 * Spec: RFC 2617 3.2.2, RFC 3261 22.4; MD5 with qop auth, or without qop.
 *
 * Thread: any.
 */
#ifndef OPS_CLIENT_PROOF_H
#define OPS_CLIENT_PROOF_H

#include <stdbool.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"

struct proof {
    struct slice challenge; /* The Proxy-Authenticate value. */
    const char *username;
    const char *password;
    const char *method;
    struct slice uri;
    const char *cnonce;
};

/**
 * Append the Proxy-Authorization line that answers a challenge.
 *
 * Returns UNSUPPORTED for another scheme, algorithm or qop, MALFORMED for a
 * challenge without realm or nonce, NO_MEMORY.
 */
enum error proof_write(struct buffer *out, const struct proof *proof);

/** Tell whether a challenge says that only its nonce was too old. */
bool proof_is_stale(struct slice challenge);

#endif

/* Passwords: what they may be, and the hashes that are kept in their place.
 *
 * Thread: any.
 */
#ifndef NODE_ADMIN_PASSWORD_H
#define NODE_ADMIN_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/limits.h"
#include "proto/base/slice.h"

enum { PASSWORD_BYTES_MAX = 256 };

/* Digest's HA1 of both forms of a user name that clients give. */
struct password_hashes {
    uint8_t ha1[HA1_BYTES];      /* user@domain:domain:password */
    uint8_t ha1_user[HA1_BYTES]; /* user:domain:password */
};

/** Tell whether bytes may be a password: 1 to PASSWORD_BYTES_MAX of them, no
 * control character of ASCII. */
bool password_is_fine(struct slice password);

/**
 * Hash a password for Digest.
 *
 * @uri     The user's, "sip:user@domain"; case is folded, as kept URIs are.
 * @domain  The pool's, which is the realm.
 *
 * Spec: RFC 2617 section 3.2.2.2 (A1).
 */
void password_hash(struct slice uri, struct slice domain, struct slice password,
                   struct password_hashes *hashes_out);

#endif

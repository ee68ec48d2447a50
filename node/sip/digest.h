/* Digest authentication as pidgin-sipe's Digest works: one nonce, one use.
 *
 * Spec: RFC 2617 3.2.2, RFC 3261 22.4.
 *
 * Thread: any.
 */
#ifndef NODE_SIP_DIGEST_H
#define NODE_SIP_DIGEST_H

#include <sofia-sip/sip.h>
#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/error.h"

enum { HA1_BYTES = 32 };

/* What a client claims to know. Texts are in an arena, as they came (with
 * quotes where there were some); username and response are bare. */
struct digest_claim {
    const char *username;
    const char *realm;
    const char *nonce;
    const char *uri; /* As received: pidgin-sipe says "(null)". */
    const char *cnonce;
    const char *nc;
    const char *response;
};

/**
 * Read credentials.
 *
 * Returns UNSUPPORTED for another scheme, algorithm or qop than Digest, MD5
 * and auth, MALFORMED when a part is missing, NO_MEMORY.
 */
enum error digest_read(struct digest_claim *claim, struct arena *arena,
                       const sip_proxy_authorization_t *credentials);

/** Tell whether the claim's nonce is this one, used for the first time. */
bool digest_is_first_use(const struct digest_claim *claim, const char *nonce);

/**
 * Tell whether the claim was made by one who knows the password.
 *
 * Takes the same time for every wrong answer.
 *
 * @ha1     MD5 of username:realm:password, lower-case hex; anything for a user
 *          that does not exist.
 * @method  Of the request.
 */
bool digest_proves(const struct digest_claim *claim,
                   const char ha1[HA1_BYTES + 1], const char *method);

#endif

/* One REGISTER, read: what it asks for and what its answer needs.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_SIGN_IN_H
#define NODE_SIP_SIGN_IN_H

#include "node/session/delivery.h"
#include "node/sip/aor.h"
#include "node/sip/digest.h"
#include "node/sip/request.h"

struct sign_in {
    struct arena *arena; /* It is in it itself, with all its texts. */
    uint64_t token;      /* Tells one sign-in of a connection from the next. */
    uint64_t asked_ms;
    struct aor aor; /* Of From and To. */
    struct slice echo;
    struct slice contact; /* As the 200 has it, without expires. */
    struct slice endpoint_id;
    unsigned expires_s; /* Granted; 0: sign out. */
    bool keeps_alive;   /* It offered ms-keep-alive. */
    bool has_claim;
    struct digest_claim claim;
};

/**
 * Read a REGISTER.
 *
 * Returns 0, and the sign-in is the caller's; or the status to refuse with.
 */
int sign_in_read(struct sign_in **sign_in_out, const struct request *request);

/** Free. Accepts NULL. */
void sign_in_free(struct sign_in *sign_in);

/** Make the identity that a sign-in leads to. NULL when memory is out. */
struct identity *sign_in_identity(const struct sign_in *sign_in,
                                  const struct delivery_sign_in *facts);

/** Answer 200 and note when the registration ends. */
void sign_in_answer_in(struct connection *connection,
                       const struct sign_in *sign_in);

/** Answer 200 to a sign-out. */
void sign_in_answer_out(struct connection *connection,
                        const struct sign_in *sign_in);

#endif

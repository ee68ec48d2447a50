/* SUBSCRIBE: in-band provisioning, in the 200 itself; and the user's own
 * presence document (presence.h).
 *
 * Of provisioning nothing is remembered: the 200 ends the subscription. It says
 * whether the user is enabled for persistent chat, by the policy as it is now;
 * where that cannot be asked, as it was at sign-in.
 *
 * Spec: [MS-SIPREGE] 4.2.2, RFC 6665 4.2.1.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_SUBSCRIBE_H
#define NODE_SIP_SUBSCRIBE_H

#include "node/sip/request.h"

/** Serve a SUBSCRIBE of a signed-in user. */
void subscribe_serve(const struct request *request);

/** Write what follows the first lines of a 200 to a SUBSCRIBE to provisioning.
 * Stops when memory is out. */
void subscribe_provision(const struct connection *connection,
                         struct buffer *out, bool is_enabled);

#endif

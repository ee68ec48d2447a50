/* SUBSCRIBE: in-band provisioning, in the 200 itself; and the user's own
 * presence document (presence.h).
 *
 * Of provisioning nothing is remembered: the 200 ends the subscription.
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

#endif

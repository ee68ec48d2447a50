/* Signing in: REGISTER, by Digest or on the client's word, as the listener
 * says; and signing out.
 *
 *   REGISTER -> 407 with a nonce -> REGISTER with credentials
 *            -> INTAKE_SIGN_IN -> DELIVERY_SIGN_IN -> 200, 403 or 503
 *
 * A REGISTER is never taken for a retransmission: pidgin-sipe answers a 407
 * with the same CSeq and branch.
 *
 * Spec: RFC 3261 10.3, 22.3; [MS-CONMGMT] 2.2.1 for ms-keep-alive.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_REGISTRAR_H
#define NODE_SIP_REGISTRAR_H

#include "node/session/delivery.h"
#include "node/sip/request.h"

/** Serve a REGISTER. */
void registrar_serve(const struct request *request);

/** Go on with a sign-in, now that the state loop has answered. */
void registrar_answer(struct edge *edge, const struct delivery *delivery);

/** Answer 503 to a sign-in that waits too long for the state loop. */
void registrar_expire(struct connection *connection);

/** Drop the sign-in that is under way, if there is one. */
void sign_in_forget(struct connection *connection);

#endif

/* INVITE and what keeps its dialog alive.
 *
 * Spec: RFC 3261 13.3, 14.2; RFC 4028 (session timers: the client refreshes,
 * whatever it asks for: pidgin-sipe answers our UPDATE with 501).
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_INVITE_H
#define NODE_SIP_INVITE_H

#include "node/sip/request.h"

/** Serve an INVITE, in a dialog or for a new one. */
void invite_serve(const struct request *request);

/** Serve an ACK. */
void invite_ack(const struct request *request);

/** Serve a CANCEL; it always comes too late. */
void invite_cancel(const struct request *request);

/** Serve an UPDATE in a dialog. */
void invite_update(const struct request *request);

/** Serve a BYE in a dialog. */
void invite_bye(const struct request *request);

#endif

/* INFO from clients: XCCOS bodies on their way to the state loop, and the
 * answers of those that wait for commit.
 *
 * Spec: RFC 6086; what each status means to a client: wire.md.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_INFO_H
#define NODE_SIP_INFO_H

#include "node/session/delivery.h"
#include "node/sip/request.h"

/** Serve an INFO in a dialog. */
void info_serve(const struct request *request);

/** Answer an INFO whose outcome is known now. */
void info_answer(struct edge *edge, const struct delivery *delivery);

/** Let a connection's requests in at the rate it may have; the rest is read a
 * little later. */
void info_use_up_rate(struct connection *connection);

/** Forget the INFOs of a connection that end unanswered with it. */
void info_forget(struct connection *connection);

#endif

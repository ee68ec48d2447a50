/* Presence documents: SERVICE publishes them, SUBSCRIBE shows them and what
 * becomes of them, by BENOTIFY or NOTIFY.
 *
 *   SERVICE    --> INTAKE_PRESENCE --> 200 with the document, 409, 503 ...
 *   SUBSCRIBE  --> INTAKE_PRESENCE --> 200 with the document
 *              <-- BENOTIFY with the document, whenever it is another
 *
 * A connection looks at its own user's document alone, by one subscription: a
 * later one takes the place of an earlier one. It ends with its time or its
 * connection; nobody is told of the end, since nothing more would come anyway.
 * Each notification has the whole document.
 *
 * Who signs in is not offered the event (Allow-Events): clients such as
 * pidgin-sipe would then publish all they have and keep their contacts here.
 * Who asks for it is served.
 *
 * Spec: MS-PRES, RFC 6665; MS-SIP 2.2.1 (BENOTIFY).
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_PRESENCE_H
#define NODE_SIP_PRESENCE_H

#include "node/sip/request.h"

enum {
    PRESENCE_WAITING_MAX = 8, /* Of a connection, unanswered: 503. */
    PRESENCE_EXPIRES_S = 3600,
};

/** Serve a SERVICE of a signed-in user. */
void presence_publish(const struct request *request);

/** Serve a SUBSCRIBE to the event ROAMING_EVENT. */
void presence_subscribe(const struct request *request);

/** Ask whether the user of a SUBSCRIBE to provisioning is enabled for
 * persistent chat; its answer then waits. Returns false when that cannot be
 * asked now, and the request is not answered. */
bool presence_ask_policy(const struct request *request);

/** Answer a request that waited, or tell of a document that is another. */
void presence_deliver(struct edge *edge, const struct delivery *delivery);

/** Forget what hangs on a connection that ends, telling the state loop. */
void presence_forget(struct connection *connection);

#endif

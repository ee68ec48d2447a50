/* Where each message of a connection goes.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_DISPATCH_H
#define NODE_SIP_DISPATCH_H

#include "node/sip/connection.h"
#include "node/sip/framer.h"

/**
 * Serve what the framer cut out.
 *
 * @event  FRAMER_MESSAGE, FRAMER_TOO_LARGE or FRAMER_BROKEN.
 * @frame  Borrowed for the call.
 */
void dispatch(struct connection *connection, enum framer_event event,
              const struct frame *frame);

#endif

/* What the pool says: bodies read and handed to whom they concern.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_HEAR_H
#define OPS_CLIENT_HEAR_H

#include "ops/client/client_parts.h"

/** Take the body of an INFO. */
void hear_body(struct client *client, struct slice body);

#endif

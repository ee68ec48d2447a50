/* The messages of a room: what comes live and what has to be fetched, told in
 * order. timeline.h decides; this asks and tells.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_CATCH_UP_H
#define OPS_CLIENT_CATCH_UP_H

#include "ops/client/client_parts.h"

/** Take a live copy. */
void catch_up_live(struct client *client, struct seat *seat,
                   const struct xccos_message *message);

/** Tell what is due, and ask history for what is missing. */
void catch_up_look(struct client *client, struct seat *seat);

#endif

/* Who is in a room, for those who are too, and who has a role in it, for those
 * who manage it.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_PEOPLING_H
#define NODE_SESSION_PEOPLING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Serve getusers. */
void peopling_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request);

#endif

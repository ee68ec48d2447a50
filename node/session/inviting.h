/* getinv: which rooms a user was invited to and was not told of yet.
 *
 * Whether there is anything new is a look at the state. What is new is taken by
 * a command, so that it is shown once, whichever device of the user asks, and
 * the reply is what the state has where that command was applied. A reply that
 * is lost with its connection is not given again: the rooms are among those the
 * user is a member of.
 *
 * Spec: MS-XCCOSIP cmd:getinv.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_INVITING_H
#define NODE_SESSION_INVITING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Serve getinv. */
void inviting_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request);

#endif

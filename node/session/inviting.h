/* getinv: which rooms a user was invited to and was not told of yet; and word
 * of it, ntc:inv, to the clients of a user who is made a member by name.
 *
 * Word is for those who are there and counts as nothing: getinv shows the
 * invitation all the same. Who is invited by a group learns it by getinv.
 *
 * Whether there is anything new is a look at the state. What is new is taken by
 * a command, so that it is shown once, whichever device of the user asks, and
 * the reply is what the state has where that command was applied. A reply that
 * is lost with its connection is not given again: the rooms are among those the
 * user is a member of.
 *
 * Spec: MS-XCCOSIP cmd:getinv; ntc:inv is perch's own.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_INVITING_H
#define NODE_SESSION_INVITING_H

#include "node/chat/effects.h"
#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Give word of an invitation to clients of this node, of EVENT_ROLE_CHANGED.
 */
void inviting_announce(struct sessions *hub, const struct effects *effects,
                       const struct event *event);

/** Serve getinv. */
void inviting_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request);

#endif

/* Authors who correct and withdraw what they said. What they may is for the
 * rules; here a request becomes one command, and what came of it the reply.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_REVISING_H
#define NODE_SESSION_REVISING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Serve modmsg and delmsg. */
void revising_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request);

#endif

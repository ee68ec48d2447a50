/* Users who create rooms and change those they manage. What they may is for the
 * rules; here a request becomes one command, and what came of it the reply.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_MANAGING_H
#define NODE_SESSION_MANAGING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Serve chancreate, chanmodify, permadd and permdel. */
void managing_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request);

/** Serve chandelete: no user may. */
void managing_refuse(struct visit *visit, const struct xccos_primitive *command,
                     const struct xccos_request *request);

/** Serve nodespermcreatechild: the categories the user may create rooms in. */
void managing_serve_categories(struct visit *visit,
                               const struct xccos_primitive *command,
                               const struct xccos_request *request);

#endif

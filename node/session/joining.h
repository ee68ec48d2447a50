/* join, bjoin and part: what a client asks about being in rooms.
 *
 * One command however many rooms; the rules answer for each. What is told here
 * is the reply alone: seats and notices follow from the events.
 *
 * Spec: MS-XCCOSIP cmd:join, cmd:bjoin, cmd:part.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_JOINING_H
#define NODE_SESSION_JOINING_H

#include "node/session/proposer.h"
#include "node/session/visit.h"
#include "proto/xccos/request.h"

/** Serve join and bjoin. */
void joining_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request);

/** Serve part. Who is out of the room already is told that it has left. */
void parting_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request);

/**
 * Join rooms for a caller whose client does not know that it must: the rooms
 * of a dialog that broke. tell is called as for any proposal.
 *
 * Returns as proposer_propose.
 */
enum error joining_propose(struct caller *caller, const struct guid *guids,
                           size_t n, struct proposal *proposal);

#endif

/* markread, getfeeds, setfeeds: what a user has read, and wants to be told of.
 *
 * Spec: perch's own, proto/xccos/profile.md.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_MARKING_H
#define NODE_SESSION_MARKING_H

#include "proto/xccos/envelope.h"

struct visit;
struct xccos_request;

/** Serve markread and setfeeds: changes that the pool commits. */
void marking_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request);

/** Serve getfeeds, at a read index. */
void marking_serve_feeds(struct visit *visit,
                         const struct xccos_primitive *command,
                         const struct xccos_request *request);

#endif

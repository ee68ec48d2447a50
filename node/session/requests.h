/* Where a client's INFO goes: each command to who serves its verb, a message
 * to posting; and the commands that are answered out of hand.
 *
 * Spec: MS-XCCOSIP cmd:requri, getserverinfo, getinv, nodespermcreatechild.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_REQUESTS_H
#define NODE_SESSION_REQUESTS_H

struct caller;
struct intake;

/** Serve an INTAKE_REQUEST. Takes the intake. */
void request_serve(struct caller *caller, struct intake *intake);

#endif

/* From what an entry brought about to what this node's people are told of it:
 * messages to all in the room, the author among them, and notices of who came
 * and went. One primitive per body, since clients read no more.
 *
 *   POSTED        grpchat to all
 *   JOINED        ntc:join to those who are in; then the joiner is, too
 *   PARTED        ntc:part to those who stay; also to who was put out, and
 *                 then ntc:kick or ntc:chandisable, which say why
 *   ROOM_CHANGED  ntc:chanmodify to all
 *
 * Notices count users: of a user's endpoints only the first to come and the
 * last to go is told of. In a room of more than PARTICIPANTS_LISTED_MAX users
 * nobody is told who comes and goes.
 *
 * Spec: MS-XCCOSIP grpchat, ntc:join, ntc:part.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_ANNOUNCING_H
#define NODE_SESSION_ANNOUNCING_H

#include "node/chat/effects.h"

struct sessions;

/** Tell of an entry's message and events, in their order. */
void announce(struct sessions *hub, const struct effects *effects);

#endif

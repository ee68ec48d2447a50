/* Telling those in a room what its messages have been made.
 *
 * Each dialog gets one body of an entry: clients that know states a notice,
 * modmsg with the messages as they are now or purge, the others a line to read.
 * A line has no message id, so that it is taken for no new message, and says in
 * perch's own namespace which one it is about.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_RETELLING_H
#define NODE_SESSION_RETELLING_H

#include "node/chat/effects.h"

struct room;
struct sessions;

/** Tell what an entry has made of messages of a room. */
void retell_revised(struct sessions *hub, const struct effects *effects,
                    const struct room *room);

/** Tell that an entry has cleared a room. */
void retell_cleared(struct sessions *hub, const struct effects *effects,
                    const struct room *room);

#endif

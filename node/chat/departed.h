/* What the last entry deleted: out of every index, row and count, but still
 * there for whoever is told of it, until the next entry begins.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_DEPARTED_H
#define NODE_CHAT_DEPARTED_H

#include "node/chat/state.h"

/** Free what the entry before has deleted. */
void departed_free(struct machine *machine);

#endif

/* Whether what is said can be archived: the rules behind archive_gate, and
 * the notes they go by.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_GATE_H
#define NODE_CHAT_ARCHIVE_GATE_H

#include "node/chat/state.h"

/** Note, when an entry has made records, since when who lacks them. */
void archive_grown(struct turn *turn);

#endif

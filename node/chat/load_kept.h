/* Taking in the rows of tombstones and administrators.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LOAD_KEPT_H
#define NODE_CHAT_LOAD_KEPT_H

#include "node/chat/load.h"
#include "node/chat/state.h"

/** Take in what is kept of a deleted place, as a loader. */
loader load_tombstone;

/** Take in one with roles in administration, as a loader. */
loader load_administrator;

#endif

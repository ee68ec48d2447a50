/* Taking in the rows of what users follow and have read.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LOAD_ATTENTION_H
#define NODE_CHAT_LOAD_ATTENTION_H

#include "node/chat/load.h"
#include "node/chat/state.h"

/** Take in an item of a presence document, as a loader. */
loader load_publication;

/** Take in a mark, as a loader. */
loader load_read;

/** Take in a user's feeds, as a loader. */
loader load_feeds;

#endif

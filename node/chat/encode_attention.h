/* The rows of what users follow and have read.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENCODE_ATTENTION_H
#define NODE_CHAT_ENCODE_ATTENTION_H

#include "node/chat/encode.h"

/** Encode an item of a presence document, as an encoder. */
encoder encode_publication;

/** Encode a mark, as an encoder. */
encoder encode_read;

/** Encode a user's feeds, as an encoder. */
encoder encode_feeds;

#endif

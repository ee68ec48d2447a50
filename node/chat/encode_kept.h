/* The values of the rows of tombstones and administrators.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENCODE_KEPT_H
#define NODE_CHAT_ENCODE_KEPT_H

#include "node/chat/encode.h"
#include "node/chat/state.h"

/** Append the row of a deleted place, as an encoder. */
encoder encode_tombstone;

/** Append the row of one with roles in administration, as an encoder. */
encoder encode_administrator;

#endif

/* The rows of filters.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_FILTER_ROWS_H
#define NODE_CHAT_FILTER_ROWS_H

#include "node/chat/encode.h"
#include "node/chat/load.h"

/** Append a filter's row, as an encoder. */
encoder encode_filter;

/** Take in a filter, as a loader. */
loader load_filter;

#endif

/* The machine's memory as row values.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENCODE_H
#define NODE_CHAT_ENCODE_H

#include "node/chat/rows.h"
#include "proto/base/arena.h"

/**
 * Append the value that a row of one kind has now. Returns false when there is
 * no such row.
 */
typedef bool encoder(const struct machine *machine, const struct row_key *key,
                     struct arena *scratch, struct buffer *to);

/**
 * Append the value a row has now to a buffer.
 *
 * @scratch  For the time of the call; reset by it.
 *
 * Returns false when there is no such row. Stops when memory is out.
 */
bool encode_row(const struct machine *machine, const struct row_key *key,
                struct arena *scratch, struct buffer *to);

#endif

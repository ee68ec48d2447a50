/* Rows of what is said: how long it is kept, and who holds it.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENCODE_TALK_H
#define NODE_CHAT_ENCODE_TALK_H

#include "node/chat/encode.h"
#include "node/chat/state.h"
#include "proto/store.pb-c.h"

/** As encoder, of the row of a hold. */
bool encode_hold(const struct machine *machine, const struct row_key *key,
                 struct arena *scratch, struct buffer *to);

/** Fill in what a room's row says of keeping its messages. */
void encode_keeping(const struct room *room, Perch__Stored__Room *row);

#endif

/* Rows of encode_talk.h, backwards.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LOAD_TALK_H
#define NODE_CHAT_LOAD_TALK_H

#include "node/chat/load.h"
#include "node/chat/state.h"
#include "proto/store.pb-c.h"

/** As loader, of the row of a hold. */
enum error load_hold(struct machine *machine, const struct row_key *key,
                     const void *message);

/** Take in what a room's row says of keeping its messages. */
void load_keeping(struct room *room, const Perch__Stored__Room *row);

#endif

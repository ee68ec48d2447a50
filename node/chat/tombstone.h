/* What is kept of rooms and categories that were deleted: guid, name, how many
 * messages lie beneath and how long they are kept. So a guid, which is in every
 * address and archive, is never given twice, and rows of messages keep the name
 * of their room.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_TOMBSTONE_H
#define NODE_CHAT_TOMBSTONE_H

#include "node/chat/state.h"

/**
 * Keep what is to be kept of a place that is deleted. What was said in it is
 * left to the caller.
 *
 * Owned by the machine.
 */
struct tombstone *tombstone_add(struct turn *turn, const struct place *place);

/** Find the deleted room that a command names, when messages lie beneath. NULL
 * when there is none. */
struct tombstone *tombstone_of_room(const struct machine *machine,
                                    ProtobufCBinaryData guid);

/**
 * Take a tombstone that has all its fields into the indexes.
 *
 * Returns false when its guid is taken by another.
 */
bool tombstone_adopt(struct machine *machine, struct tombstone *tombstone);

/** Find what is kept of a deleted place by its guid. NULL when there is none.
 */
const struct tombstone *tombstone_find(const struct machine *machine,
                                       const struct guid *guid);

/** Free a tombstone. Accepts NULL. */
void tombstone_free(struct tombstone *tombstone);

#endif

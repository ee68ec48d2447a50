/* What is kept of rooms and categories that were deleted: guid, name and how
 * many messages lie beneath. So a guid, which is in every address and archive,
 * is never given twice, and rows of messages keep the name of their room.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_TOMBSTONE_H
#define NODE_CHAT_TOMBSTONE_H

#include "node/chat/state.h"

/**
 * Keep what is to be kept of a place that is deleted.
 *
 * @message_id_last  Of a room; 0 for a category.
 */
void tombstone_add(struct turn *turn, const struct place *place,
                   uint64_t message_id_last);

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

/* The rules of retention: how long what is said is kept, and that nothing is
 * erased sooner, or while it is held.
 *
 * Messages of a room end in the order they were posted. A purge looks at the
 * next few, erases those that nobody holds, and moves on; what it passed over
 * is looked at again when a hold on a user is lifted.
 *
 *   1 ... swept_upto | next purge | ... message_id_last
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_RETENTION_H
#define NODE_CHAT_RETENTION_H

#include "node/chat/state.h"

enum { RETENTION_DAYS_MAX = 36500 };

/**
 * Set how long messages of a category or room are kept.
 *
 * Returns RETENTION_TARGET, RETENTION_OUT_OF_RANGE, ROOM_UNKNOWN or
 * CATEGORY_UNKNOWN. The value is the days in force then, 0 for ever.
 */
enum outcome retention_set(struct turn *turn,
                           const Perch__RetentionSet *command);

/**
 * Erase messages that retention has ended for.
 *
 * All or nothing: when one of them is to be kept still, none goes. Those of
 * users who are held are passed over. A room that was deleted is purged by what
 * was in force for it then.
 *
 * Returns ROOM_UNKNOWN, ROOM_HELD, RETENTION_NONE, PURGE_STALE,
 * MESSAGE_UNKNOWN for a range beyond the room's last or empty, PURGE_TOO_MANY,
 * or RETENTION_RUNS. The value is how many are gone.
 */
enum outcome room_purge(struct turn *turn, const Perch__RoomPurge *command);

/** Tell how many days messages of a room are kept; 0: for ever. */
uint32_t retention_days(const struct room *room);

#endif

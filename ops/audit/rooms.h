/* Message ids of rooms: each room's messages are numbered from 1 without gaps,
 * those that were imported too.
 *
 * Of a room that is older than the archive the first message seen is the first;
 * behind a break (order.h) again.
 *
 * Memory follows the number of rooms.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_ROOMS_H
#define OPS_AUDIT_ROOMS_H

#include "ops/audit/findings.h"
#include "proto/record.h"

struct rooms;

/** Begin. */
struct rooms *rooms_new(struct findings *findings);

/** Free. Accepts NULL. */
void rooms_free(struct rooms *rooms);

/** Take a record. */
void rooms_take(struct rooms *rooms, const struct record *record);

/** Say what was looked at. */
void rooms_end(struct rooms *rooms);

#endif

/* Who is in which room: whoever joined leaves once or is still in at the end,
 * nobody leaves who was not in, and with a session, its node or the node's
 * epoch all that it was in ends.
 *
 * Behind a break (order.h) those who are in rooms join anew: nobody is in at the
 * break, and nobody leaves without having joined, whenever the session was
 * opened.
 *
 * Memory follows the number of those who are in rooms at one time.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_PRESENCE_H
#define OPS_AUDIT_PRESENCE_H

#include "ops/audit/findings.h"
#include "proto/record.h"

struct presence;

/** Begin. */
struct presence *presence_new(struct findings *findings);

/** Free. Accepts NULL. */
void presence_free(struct presence *presence);

/** Take a record. */
void presence_take(struct presence *presence, const struct record *record);

/** Say what was looked at. */
void presence_end(struct presence *presence);

#endif

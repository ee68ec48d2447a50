/* Watching, as a part of the archive: what monitoring is to see of the pool's
 * archive, taken from the rules once a second.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_WATCHING_H
#define NODE_COMPLIANCE_WATCHING_H

#include "node/compliance/compliance_parts.h"

enum { WATCHING_MS = 1000 };

extern const struct compliance_part watching_part;

/** Take the meters from the state as it is. */
void watching_look(const struct machine *machine, int64_t now_us,
                   struct watch_meters *meters);

#endif

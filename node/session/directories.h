/* What monitoring is told of the directories that keep users and groups: every
 * node tells it, from the state, so that an adapter that is dead or held does
 * not go unseen with the machine it ran on.
 *
 * Thread: state loop; the gauges are anybody's to read.
 */
#ifndef NODE_SESSION_DIRECTORIES_H
#define NODE_SESSION_DIRECTORIES_H

#include "proto/base/meter.h"

struct machine;

struct directory_meters {
    struct meter_gauge known;  /* Whose adapters have ever reported. */
    struct meter_gauge held;   /* Of them, whose run waits for a word, */
    struct meter_gauge failed; /* and whose last run came to nothing. */
    /* When the one furthest behind was last followed to its end, Unix time; 0:
     * it never was, or there is none. */
    struct meter_gauge done_at_s;
};

/** Set the gauges to what the state says. */
void directories_count(const struct machine *machine,
                       struct directory_meters *meters);

#endif

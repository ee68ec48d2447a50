/* The leader's talks with the archive's witnesses: each published checkpoint is
 * sent to each witness, at most one at a time to one, by a worker of its own.
 *
 *   IDLE --published, or just became leader--> TALKING --> IDLE
 *                                                 |--failed--> WAITING (1 s,
 *                                                 |            doubling to 60)
 *                                                 `--ahead, forked--> the pool
 *                                                    halts (ArchiveHalt)
 *
 * A witness that has seen more than there is, or another history, is the proof
 * that the pool was set back: nothing is written until an administrator has had
 * it refilled or begun anew.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_WITNESSING_H
#define NODE_COMPLIANCE_WITNESSING_H

#include "node/compliance/compliance_parts.h"
#include "node/compliance/witness_port.h"

struct witnessing;

enum {
    WITNESSING_BACKOFF_MIN_MS = 1000,
    WITNESSING_BACKOFF_MAX_MS = 60 * 1000,
    WITNESSING_PATIENCE_MS = 5000, /* Of what is proposed. */
};

/* How a witness fares, as this node knows: the leader alone asks. */
struct witnessing_view {
    bool is_asking;
    unsigned attempts; /* That failed in a row. */
    uint32_t behind_s; /* Since it had all that is published; 0: it has. */
    const char *error; /* "" when all is well. Borrowed. */
};

/** Make. Stops when memory or threads are out. */
struct witnessing *witnessing_new(struct compliance *compliance);

/** End the talks at hand and free. Accepts NULL. */
void witnessing_free(struct witnessing *witnessing);

/** Tell whether there are witnesses to be asked before this node makes itself
 * heard: what it says then, as a leader of few, would stand in the place of
 * records that were lost. */
bool witnessing_asks_first(const struct compliance *compliance,
                           const struct machine *machine);

/** Show how the witness of a slot fares. */
void witnessing_view(const struct compliance *compliance, uint32_t slot,
                     struct witnessing_view *view_out);

extern const struct compliance_part witnessing_part;

#endif

/* Checkpoints of the archive: the leader begins them at the settings' pace,
 * each node compares the pool's root with that of its own files and signs.
 *
 *   begun (open) --own files have as many records--> root of the files
 *      equal  -> Cosign, with the log's signature where this node has its key
 *      other  -> Cosign with the other root, by which all name this node; then
 *                it stops (compliance_unsound) and is rebuilt
 *
 * Proposes the public keys of this node, too, when the state has others. The
 * log's that the state has is never replaced: a file that differs is an alarm.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_COSIGNING_H
#define NODE_COMPLIANCE_COSIGNING_H

#include "node/compliance/compliance_parts.h"

struct cosigning;

enum {
    /* How long a node that differs waits for its word to be committed before
     * it stops: others are to name it. */
    COSIGNING_LAST_WORD_MS = 3000,
    /* From one attempt that failed to the next. */
    COSIGNING_RETRY_MS = 1000,
};

/** Make. Stops when memory or threads are out. */
struct cosigning *cosigning_new(struct compliance *compliance);

/** End the job at hand and free. Accepts NULL. */
void cosigning_free(struct cosigning *cosigning);

extern const struct compliance_part cosigning_part;

#endif

/* Canaries: this node commits a random number now and then, as a client's post
 * would be, and shows itself that the archive has it: by a proof made of its
 * own files against a root that was published.
 *
 *   IDLE --archive_canary_s--> SENT --applied, its CSN is known--> WAITING
 *     ^                                                              |
 *     +--proved, or told as lost--- a published checkpoint covers it-+
 *
 * One that cannot be proved is the alarm that capture itself has failed.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_CANARIES_H
#define NODE_COMPLIANCE_CANARIES_H

#include "node/compliance/compliance_parts.h"

struct canaries;

enum {
    CANARIES_NONCE_BYTES = 16,
    CANARIES_RETRY_MS = 5000, /* After files that could not be read. */
    /* A canary that no published checkpoint covers by then is told as late. */
    CANARIES_LATE_S = 60,
    /* After its start a node waits so long for a witness's word before it adds
     * a record by itself. */
    CANARIES_PATIENCE_S = 60,
};

/** Make. Stops when memory or threads are out. */
struct canaries *canaries_new(struct compliance *compliance);

/** End the job at hand and free. Accepts NULL. */
void canaries_free(struct canaries *canaries);

extern const struct compliance_part canaries_part;

#endif

/* Published checkpoints as files, on every node: `checkpoint`, the newest, and
 * what an auditor wants to have kept of earlier ones.
 *
 *   checkpoint              the newest that was published
 *   checkpoint.witnessed    the newest that a witness has cosigned, too: it may
 *                           be some seconds older
 *   checkpoints/SIZE        the first of each hour that was published, with 20
 *                           digits, and again when witnesses have cosigned it
 *   keys/log-ID, keys/node3-ID, keys/witness-ID
 *                           every verifier key that was ever believed, ID in
 * hex
 *
 * Nothing is written that was not verified here first: every signature by its
 * key. One that is wrong is named and left out; without the log's nothing is
 * written. Nothing is written, either, before this node's own files have all
 * the records it is about.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_PUBLISHING_H
#define NODE_COMPLIANCE_PUBLISHING_H

#include "node/compliance/compliance_parts.h"

struct publishing;

#define PUBLISHING_NEWEST    "checkpoint"
#define PUBLISHING_WITNESSED "checkpoint.witnessed"
#define PUBLISHING_KEPT      "checkpoints"
#define PUBLISHING_KEYS      "keys"

enum {
    PUBLISHING_RETRY_MS = 1000, /* After an error of the disk. */
    /* Published checkpoints whose witnesses' answers may still come. */
    PUBLISHING_RECENT = 8,
    PUBLISHING_KEEP_S = 3600, /* One is kept of each such span. */
};

/** Make. Stops when memory or threads are out. */
struct publishing *publishing_new(struct compliance *compliance);

/** End the job at hand and free. Accepts NULL. */
void publishing_free(struct publishing *publishing);

extern const struct compliance_part publishing_part;

#endif

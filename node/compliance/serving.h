/* Gives other nodes what they lack of the archive: bytes of this node's files.
 *
 * What is asked for is read on a worker and sent in parts of at most
 * PEER_CHUNK_BYTES_MAX, each part an answer of its own: nothing is kept between
 * two asks. What cannot be read here is answered as absent. The asker checks
 * all it gets.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_SERVING_H
#define NODE_COMPLIANCE_SERVING_H

#include "node/compliance/compliance_parts.h"
#include "proto/peer.h"

struct serving;

enum {
    SERVING_ASKS_MAX = 32,    /* Waiting; more are passed over: asked again. */
    SERVING_FORGET_MS = 1000, /* Nobody asks: what was read is let go. */
};

extern const struct compliance_part serving_part;

/** Make. Stops when memory or threads are out. */
struct serving *serving_new(struct compliance *compliance);

/** End the jobs at hand and free. Accepts NULL. */
void serving_free(struct serving *serving);

/** Take an ask. Borrowed. */
void serving_ask(struct serving *serving, uint8_t node,
                 const struct peer_archive_ask *ask);

#endif

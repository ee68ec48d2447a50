/* Commands that are proposed before they can be sent: they wait, in order, for
 * the node's epoch to begin or for the replica to have room.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_HOLDING_H
#define NODE_SESSION_HOLDING_H

#include <bsd/sys/queue.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"

struct proposal;

struct held {
    TAILQ_ENTRY(held) link;
    struct proposal *proposal;
    size_t len;
    uint8_t command[];
};

/* As many as the replica takes, REPLICA_PROPOSALS_MAX and _BYTES_MAX. */
struct holding {
    TAILQ_HEAD(, held) list;
    size_t n;
    size_t bytes;
};

/** Start with none. */
void holding_init(struct holding *holding);

/** Free all; who waits is not told. */
void holding_deinit(struct holding *holding);

/**
 * Add a command at the end.
 *
 * @command  Copied.
 *
 * Returns BUSY when as many wait as may, NO_MEMORY.
 */
enum error holding_add(struct holding *holding, struct proposal *proposal,
                       struct slice command);

/** The first; NULL: none waits. */
struct held *holding_first(const struct holding *holding);

/** The next; NULL: it was the last. */
struct held *holding_next(const struct held *held);

/** Take one out and free it. */
void holding_drop(struct holding *holding, struct held *held);

#endif

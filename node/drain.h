/* How a node leaves without anybody noticing: first it says that it is not
 * ready, then it hands leadership over and sends its clients elsewhere, then
 * it ends.
 *
 *   SERVING --begin--> NOTICED --notice_ms--> MOVING --nobody left-----> DONE
 *                                                    \-spread_ms + more-/
 *
 * Thread: main's loop.
 */
#ifndef NODE_DRAIN_H
#define NODE_DRAIN_H

#include <stdint.h>

#include "proto/base/loop.h"

enum {
    DRAIN_TICK_MS = 20,       /* How often it is looked who is left. */
    DRAIN_MORE_MS = 2 * 1000, /* For the last to go, after spread_ms. */
};

struct drain;

struct drain_settings {
    uint64_t notice_ms; /* For load balancers to see that it is not ready. */
    uint64_t spread_ms; /* Over how long clients are sent away. */
};

struct drain_events {
    void *context;

    /* Say that the node is leaving. */
    void (*notice)(void *context);

    /* Hand leadership over, send clients away. */
    void (*move)(void *context);

    /* How many are left: clients and what is not yet answered. */
    uint64_t (*left)(void *context);

    /* End. */
    void (*done)(void *context);
};

/** Make. NULL when memory is out. Owned by the caller. */
struct drain *drain_new(struct loop *loop,
                        const struct drain_settings *settings,
                        const struct drain_events *events);

/** Begin to leave; once more: leave at once. */
void drain_begin(struct drain *drain);

/** Free. Accepts NULL. */
void drain_free(struct drain *drain);

#endif

/* Deliveries on their way to dialogs: in order, so many dialogs per turn of
 * the loop, so that a room of ten thousand does not hold up a command.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_FANOUT_H
#define NODE_SIP_FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "node/session/delivery.h"

struct edge;

struct fanout {
    struct letter_list
        queue;      /* Deliveries of bodies and closes, oldest first. */
    size_t next;    /* Of the oldest: the dialog that is next. */
    uv_idle_t idle; /* Runs while there is work: the loop must not
                       wait. */
};

/** Begin, on the edge's loop. */
void fanout_init(struct edge *edge);

/** Free what waits. */
void fanout_deinit(struct edge *edge);

/** Take a delivery of kind DELIVERY_BODY or DELIVERY_CLOSE. */
void fanout_take(struct edge *edge, struct delivery *delivery);

/** Serve the next dialogs. Called once a turn. */
void fanout_run(struct edge *edge);

#endif

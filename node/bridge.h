/* What the administrators' desk asks, put to the node's parts: reads to the
 * read index, changes to the proposer, transfers to the replica.
 *
 * Thread: state loop, but bridge_new and bridge_free: main's.
 */
#ifndef NODE_BRIDGE_H
#define NODE_BRIDGE_H

#include "node/admin/desk.h"
#include "node/admin/state.h"
#include "node/backend.h"

struct bridge;

struct bridge_settings {
    struct backend *backend; /* Outlives the bridge. */

    /** Describe the node; node_out is zeroed before. */
    void (*describe)(void *context, struct admin_node *node_out);
    void *context;
};

/** Make. NULL when memory is out. Owned by the caller. */
struct bridge *bridge_new(const struct bridge_settings *settings);

/** Borrow what the desk is to ask by. */
struct admin_state bridge_state(struct bridge *bridge);

/** Say whom to answer; NULL: nobody any more. */
void bridge_set_desk(struct bridge *bridge, struct desk *desk);

/** Free, the backend being closed: what it was asked will never be told.
 * Accepts NULL. */
void bridge_free(struct bridge *bridge);

#endif

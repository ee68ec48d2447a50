/* What the state loop tells edges, held back while entries are applied: what
 * an entry brought about may be told when it is in the store, not before.
 *
 * An edge that does not take what it is given is behind: it gets no more
 * bodies until it has caught up, and whose bodies are left out must be closed,
 * so that they come back and read what they missed.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_OUTBOX_H
#define NODE_SESSION_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/delivery.h"
#include "node/session/meters.h"

enum {
    /* Bodies, times dialogs, that an edge may owe before it counts as behind:
     * some five seconds of its work, a few MiB. */
    BACKLOG_MAX = 512 * 1024,
    /* Dialogs of one delivery; more dialogs make more deliveries. */
    DELIVERY_DIALOGS_MAX = 1024,
};

struct outbox;

/** Make an outbox without edges. Stops when memory is out. @meters  Kept. */
struct outbox *outbox_new(struct outbox_meters *meters);

/** Free, with what is held back. Accepts NULL. */
void outbox_free(struct outbox *outbox);

/** Say where an edge takes its deliveries; NULL when it is gone. */
void outbox_set_edge(struct outbox *outbox, uint8_t edge,
                     struct letters *deliveries);

/** Hold back what comes until outbox_release. */
void outbox_hold(struct outbox *outbox);

/** Hand over what was held back, in order, and hold no more. */
void outbox_release(struct outbox *outbox);

/** Tell whether an edge is behind. */
bool outbox_is_behind(const struct outbox *outbox, uint8_t edge);

/** Count the bodies that the edge which owes most has not passed on. */
size_t outbox_backlog(const struct outbox *outbox);

/** Hand over a delivery, to the edge that its ref names. Takes it. */
void outbox_add(struct outbox *outbox, struct delivery *delivery);

/**
 * Deliver a body to dialogs of one edge.
 *
 * @body     Held once more for each delivery.
 * @dialogs  All of one edge; copied.
 */
void outbox_body(struct outbox *outbox, struct body *body,
                 struct delivery_mark mark, const edge_ref *dialogs, size_t n);

/** Close a dialog's connection once what it was given before is written. */
void outbox_close(struct outbox *outbox, edge_ref dialog, const char *reason);

/** Close a user's connections that have no dialog, on all edges. @user_uri
 * Copied. */
void outbox_dismiss(struct outbox *outbox, struct slice user_uri);

/** Answer an INFO that waited. @reason  Copied. */
void outbox_answer(struct outbox *outbox, edge_ref dialog, uint64_t token,
                   int status, unsigned retry_after_s, struct slice reason);

#endif

/* What other threads may have an edge do: stop, leave, take new certificates.
 *
 * Thread: control_send any; the rest the edge's.
 */
#ifndef NODE_SIP_CONTROL_H
#define NODE_SIP_CONTROL_H

#include "node/sip/engine.h"

enum control_kind { CONTROL_STOP, CONTROL_DRAIN, CONTROL_KEYS };

struct control {
    struct letter letter;  /* kind: enum control_kind. */
    struct tls_keys *keys; /* For the listener; the control owns them. */
    size_t listener;
    char *target; /* Owned; may be NULL. */
    unsigned batch;
    unsigned batch_ms;
};

enum { CONTROLS_WAITING_MAX = 64 };

/** Make a control. NULL when memory is out. */
struct control *control_new(enum control_kind kind);

/** Free a control that was not sent. */
void control_free(struct control *control);

/** Hand it to the edge, which frees it. */
void control_send(struct edge *edge, struct control *control);

/** Do what the controls say; the receiver of edge->controls. */
void control_receive(void *context, struct letter_list *list);

/** Stop leaving, for an edge that is freed. */
void drain_deinit(struct edge *edge);

#endif

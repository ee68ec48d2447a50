/* Letters of edges, each to who serves it: a dialog's beginning and end, what
 * is asked, what was confirmed.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SERVING_H
#define NODE_SESSION_SERVING_H

#include "proto/base/letters.h"

/** Serve what edges have sent (the function of their letters). @context  The
 * hub. */
void serving_take(void *context, struct letter_list *list);

#endif

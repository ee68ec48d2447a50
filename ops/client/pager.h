/* A room's history read page by page, oldest first: what to ask next, and when
 * it is all read.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_PAGER_H
#define OPS_CLIENT_PAGER_H

#include "ops/client/ask.h"

struct pager {
    uint64_t after_id; /* What was read last. */
    uint64_t left;     /* Messages wanted still. */
};

/** Begin behind a message. @most  Messages wanted; UINT64_MAX: all. */
void pager_begin(struct pager *pager, uint64_t after_id, uint64_t most);

/** Fill in what the next question is about: kind, message_id, most. */
void pager_ask(const struct pager *pager, struct client_question *question);

/**
 * Take a page that was asked so.
 *
 * Returns whether there is more to ask. A page without messages is the end; so
 * is one that is not full and does not say that it was cut.
 */
bool pager_take(struct pager *pager, const struct xccos_data *page);

#endif

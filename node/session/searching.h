/* chansrch and getassociations: which rooms there are, for whom who asks may
 * see them. Answered at a read index.
 *
 * A search finds the rooms whose names have the words that are asked for, case
 * aside by Unicode's rules. What would be more than the limit is refused: half
 * a list looks whole.
 *
 * Spec: MS-XCCOSIP cmd:chansrch, cmd:getassociations.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SEARCHING_H
#define NODE_SESSION_SEARCHING_H

#include <bsd/sys/queue.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/visit.h"
#include "proto/base/loop.h"
#include "proto/xccos/request.h"

enum {
    SEARCH_ROOMS_MAX = 999, /* Of one reply; told as searchLimit. */
    SEARCH_WORDS_MAX = 16,  /* Of one search; those after them do not count. */
    SEARCHES_WAITING_MAX = 1024, /* More are refused. */
    SEARCH_REST = 3, /* Searches take at most a quarter of the loop's time. */
};

struct searching;

/* Searches that wait for their turn. They are freed with their visits. */
struct searches {
    TAILQ_HEAD(, searching) list;
    size_t n;
    uint64_t ready_us; /* When the next may begin. */
    struct timer *timer;
};

/** Start with none. */
void searches_init(struct sessions *hub);

/** Stop. */
void searches_deinit(struct sessions *hub);

/** Serve chansrch and getassociations. */
void searching_serve(struct visit *visit, const struct xccos_primitive *command,
                     const struct xccos_request *request);

#endif

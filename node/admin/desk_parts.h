/* The insides of the desk, for its own files: desk.c takes requests and is told
 * what became of them, carry.c carries each from a decision to its reply.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_DESK_PARTS_H
#define NODE_ADMIN_DESK_PARTS_H

#include "node/admin/answers.h"
#include "node/admin/desk.h"

/* Requests that are not answered yet. */
TAILQ_HEAD(answers, answer);

struct desk {
    struct loop *loop;
    struct admin_state state;
    struct letters *inbox;
    struct timer *tick; /* Runs while anything waits. */
    struct answers waiting;
    size_t n_waiting;
    uint64_t token_last;
};

/** Decide what was asked, the state being as new as it must be, and go on from
 * there. The answer may be gone afterwards, as after all of these. */
void carry_decide(struct desk *desk, struct answer *answer);

/** Send the reply and forget the request. */
void carry_settle(struct desk *desk, struct answer *answer);

/** Send a refusal for a reason of administration's own. */
void carry_refuse(struct desk *desk, struct answer *answer,
                  enum refusal refusal);

/** Tell of a change that holds, by this request or before it. */
void carry_changed(struct desk *desk, struct answer *answer);

/** Tell of a proposal that was applied with this outcome. */
void carry_outcome(struct desk *desk, struct answer *answer,
                   const struct applied *applied);

/** Forget a request. */
void desk_forget(struct desk *desk, struct answer *answer);

#endif

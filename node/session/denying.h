/* Refusals on record: while the pool keeps an archive, what this node would
 * refuse by itself is committed first, as a refusal.
 *
 * So that nobody fills the log with what is refused, each user has a budget of
 * such refusals; who has used it up is answered 503 without being judged.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_DENYING_H
#define NODE_SESSION_DENYING_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/outcome.h"
#include "node/session/proposer.h"
#include "node/session/visit.h"
#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/command.h"

enum {
    DENIALS_PER_S = 10,  /* Of one user, on this node, */
    DENIALS_BURST = 100, /* and so many at once. */
    /* Budgets; users share one by chance, and then its refusals. */
    DENIALS_SLOTS = 1024,
    DENIALS_TOLD_MS = 10 * 1000, /* From one journal line to the next. */
};

#define DENYING_TOO_MANY "Too many refused requests, try again later"

struct caller;

/* A request that is refused whatever the rules would say. */
struct denial {
    struct errand errand; /* First. */
    struct proposal proposal;
    enum outcome outcome;
};

struct denials {
    uint64_t ready_us[DENIALS_SLOTS]; /* When the budget is full again. */
    uint64_t told_us;                 /* 0: never. */
    uint64_t untold;                  /* Refused so, since then. */
};

/** Take one refusal out of the budget of a caller's user. Returns false, and
 * counts it, when there is none left. */
bool denying_may(struct caller *caller);

/**
 * Propose that a post was refused.
 *
 * @proposal  Its tell is set; kept until told.
 * @notice    Why, as its author is told.
 *
 * Returns as proposer_propose does.
 */
enum error denying_propose(struct caller *caller, struct proposal *proposal,
                           Perch__Post *post, struct slice notice);

/**
 * Refuse a request with the outcome that its denial has; while there is an
 * archive, once that is on record.
 *
 * @room  That was asked for.
 * @what  The request's verb.
 */
void denying_refuse(struct denial *denial, const struct guid *room,
                    const char *what);

#endif

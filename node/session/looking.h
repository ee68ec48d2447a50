/* Questions that one look at the machine answers: at a read index, and in
 * turn, since a look may walk through all rooms there are or all who have a
 * role in one.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_LOOKING_H
#define NODE_SESSION_LOOKING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/reads.h"
#include "node/session/visit.h"
#include "proto/base/loop.h"

enum {
    LOOKS_WAITING_MAX = 1024, /* More are refused. */
    LOOK_REST = 3,            /* Looks take at most a quarter of the loop, */
    LOOK_BURST_US = 10000,    /* but for so much that was saved before. */
    LOOK_SLICE_US = 1000,     /* Of one turn, of those who go on in another. */
    LOOK_STEPS = 64,          /* From one look at the clock to the next. */
};

struct look;

/** Look at the machine, answer, and with that end the errand; or stop, and
 * return false to be called again in another turn. */
typedef bool look_taken(struct look *look);

/* Embedded first in what each kind of look needs. */
struct look {
    struct errand errand; /* First. */
    TAILQ_ENTRY(look) link;
    struct read read;
    look_taken *take;
    uint64_t began_us; /* Its turn. */
    unsigned steps;    /* Of this turn. */
};

/* Those that wait for their turn. They are freed with their visits. */
struct looks {
    TAILQ_HEAD(, look) list;
    size_t n;
    uint64_t ready_us; /* When the next may begin; the past: time saved. */
    struct timer *timer;
};

/** Start with none. */
void looks_init(struct sessions *hub);

/** Stop. */
void looks_deinit(struct sessions *hub);

/**
 * Begin a look's errand, as errand_begin does.
 *
 * @take  Called in the look's turn, unless its client is no longer served.
 */
void *look_begin(struct visit *visit, size_t size,
                 const struct xccos_primitive *primitive, look_taken *take);

/** Count one step of a walk. Returns false when the turn's time is over. */
bool look_may_go_on(struct look *look);

/** Ask for the look's turn, or refuse: there is no leader, or too many wait. */
void look_ask(struct look *look);

#endif

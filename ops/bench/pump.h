/* Keeps operations coming: so many under way at once (closed), or so many per
 * second whatever becomes of them (open).
 *
 * In open mode an operation's time runs from the moment it was due, not from
 * the moment it could be sent: a server that stalls is charged for those who
 * queue behind the stall.
 *
 * Thread: the crowd's.
 */
#ifndef OPS_BENCH_PUMP_H
#define OPS_BENCH_PUMP_H

#include <stddef.h>
#include <stdint.h>

#include "ops/bench/crowd.h"
#include "ops/bench/figures.h"

enum { PUMP_DRAIN_S = 5 }; /* Patience with what is open at the end. */

struct pump {
    /* Begin one operation; BUSY when nobody can now. */
    enum error (*begin)(void *context, uint64_t due_ns);
    /* The measured time begins, or has ended; NULL: not of interest. */
    void (*measuring)(void *context, bool on);
    void *context;
    unsigned window; /* Closed: how many at once. 0: open. */
    double rate;     /* Open: how many per second. */

    struct figures *figures; /* What finishes is counted here. */
    uint64_t outstanding;
    uint64_t next_ns;  /* Open: when the next is due. */
    bool draining;     /* The measured time is over. */
    uint64_t withheld; /* Open: due, but no client was free to send it. */
};

/** Begin what is to be under way or due at now_ns. */
void pump_fill(struct pump *pump, uint64_t now_ns);

/** Count an operation that has ended: a SIP status, or 0 for a loss. */
void pump_finish(struct pump *pump, uint64_t due_ns, int status);

/**
 * Warm up, then measure: seconds of each as the options say.
 *
 * Figures begin anew after the warm-up and end before what is still open is
 * waited for; that is bounded by PUMP_DRAIN_S, and what then is open is
 * unanswered. All pumps count into figures of their own; figures[0] has the
 * processes' CPU.
 */
enum error pumps_measure(struct pump *pumps, size_t n, struct crowd *crowd,
                         const struct options *options,
                         const struct pool *pool);

#endif

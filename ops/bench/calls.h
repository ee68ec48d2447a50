/* A closed loop of calls that are no SIP: so many under way at once, warmed up,
 * measured, and waited for at the end. What etcd and bare commands share.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_CALLS_H
#define OPS_BENCH_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/bench/figures.h"
#include "ops/bench/options.h"

enum {
    CALLS_DRAIN_S = 5,   /* Patience with what is open at the end. */
    CALLS_TURN_MS = 100, /* A turn waits no longer. */
};

struct calls {
    /* Begin one call. */
    enum error (*begin)(void *context);
    /* Send what waits, wait a while, serve what comes. */
    enum error (*turn)(void *context);
    void *context;

    struct figures *figures;
    uint64_t outstanding;
    bool draining; /* The measured time is over. */
};

/** Count a call that has ended. */
void calls_finish(struct calls *calls, uint64_t begun_ns, bool fine);

/** Keep window calls under way until a moment; with window 0, until all have
 * ended or the moment has come. */
enum error calls_run(struct calls *calls, unsigned window, uint64_t until_ns);

/** Warm up and measure, as the options say, with the CPU of n processes. */
enum error calls_measure(struct calls *calls, unsigned window,
                         struct figures *figures, const struct options *options,
                         const pid_t *pids, size_t n);

#endif

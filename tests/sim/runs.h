/* Many runs, each seed in a process of its own, so that a crash is a result
 * like any other and no run sees another's heap.
 */
#ifndef TESTS_SIM_RUNS_H
#define TESTS_SIM_RUNS_H

#include "tests/sim/world.h"

enum { RUNS_JOBS_MAX = 64 };

/* What to run. */
struct runs {
    struct world_settings world; /* Its seed is the first one. */
    uint64_t n;
    unsigned jobs; /* At a time. */
    bool stop_at_first;
};

/* What came of it. */
struct summary {
    uint64_t runs, failed;
    struct world_result sum;
    double took_s;
};

/** Run one seed in this process. */
struct world_result runs_one(const struct runs *runs, uint64_t seed);

/** Run all seeds; failing ones are told on standard output. */
struct summary runs_all(const struct runs *runs);

/** Tell the summary on standard output. */
void runs_print(const struct summary *summary);

#endif

#include "ops/bench/calls.h"

#include "ops/bench/clock.h"
#include "ops/bench/interrupt.h"

void calls_finish(struct calls *calls, uint64_t begun_ns, bool fine)
{
    struct figures *figures = calls->figures;

    if (calls->outstanding > 0) {
        calls->outstanding--;
    }
    if (!fine) {
        figures->failed++;
    } else if (!calls->draining) {
        figures->operations++;
        histogram_record(&figures->latency,
                         (clock_ns() - begun_ns) / NS_PER_US);
    }
}

enum error calls_run(struct calls *calls, unsigned window, uint64_t until_ns)
{
    while (clock_ns() < until_ns && (window > 0 || calls->outstanding > 0)) {
        while (calls->outstanding < window) {
            TRY(calls->begin(calls->context));
            calls->outstanding++;
        }
        TRY(interrupt_check());
        TRY(calls->turn(calls->context));
    }
    return ERROR_NONE;
}

enum error calls_measure(struct calls *calls, unsigned window,
                         struct figures *figures, const struct options *options,
                         const pid_t *pids, size_t n)
{
    calls->figures = figures;
    calls->draining = false;
    TRY(figures_begin(figures, NULL, 0));
    TRY(calls_run(calls, window, clock_after(options->warm_seconds)));
    TRY(figures_begin(figures, pids, n));
    TRY(calls_run(calls, window, clock_after(options->seconds)));
    TRY(figures_end(figures));
    calls->draining = true;
    TRY(calls_run(calls, 0, clock_after(CALLS_DRAIN_S)));
    figures->unanswered = calls->outstanding;
    calls->outstanding = 0;
    return ERROR_NONE;
}

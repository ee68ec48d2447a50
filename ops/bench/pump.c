#include "ops/bench/pump.h"

#include "ops/bench/clock.h"

static void fill_closed(struct pump *pump, uint64_t now_ns)
{
    while (pump->outstanding < pump->window &&
           pump->begin(pump->context, now_ns) == ERROR_NONE) {
        pump->outstanding++;
    }
}

static void fill_open(struct pump *pump, uint64_t now_ns)
{
    uint64_t step_ns = (uint64_t)((double)NS_PER_S / pump->rate);

    if (pump->next_ns == 0) {
        pump->next_ns = now_ns;
    }
    while (pump->next_ns <= now_ns) {
        if (pump->begin(pump->context, pump->next_ns) == ERROR_NONE) {
            pump->outstanding++;
        } else {
            pump->withheld++;
        }
        pump->next_ns += step_ns;
    }
}

void pump_fill(struct pump *pump, uint64_t now_ns)
{
    if (pump->window > 0) {
        fill_closed(pump, now_ns);
    } else if (pump->rate > 0) {
        fill_open(pump, now_ns);
    }
}

void pump_finish(struct pump *pump, uint64_t due_ns, int status)
{
    struct figures *figures = pump->figures;

    if (pump->outstanding > 0) {
        pump->outstanding--;
    }
    if (status == 200 && pump->draining) {
        return; /* Not of the time that was measured. */
    }
    if (status == 200) {
        figures->operations++;
        histogram_record(&figures->latency, (clock_ns() - due_ns) / NS_PER_US);
    } else if (status == 503) {
        figures->refused++;
    } else {
        figures->failed++;
    }
}

/* Run pumps over a crowd until a moment.
 *
 * Returns what crowd_turn returns. */
static enum error pumps_run(struct pump *pumps, size_t n, struct crowd *crowd,
                            uint64_t until_ns)
{
    uint64_t now_ns;

    while ((now_ns = clock_ns()) < until_ns) {
        uint64_t next_ns = until_ns;

        for (size_t i = 0; i < n; i++) {
            pump_fill(&pumps[i], now_ns);
            if (pumps[i].rate > 0 && pumps[i].next_ns < next_ns) {
                next_ns = pumps[i].next_ns;
            }
        }
        TRY(crowd_turn(crowd, next_ns));
    }
    return ERROR_NONE;
}

static uint64_t outstanding(const struct pump *pumps, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += pumps[i].outstanding;
    }
    return sum;
}

/* Begin no more and wait for what is open. */
static enum error drain(struct pump *pumps, size_t n, struct crowd *crowd)
{
    uint64_t until_ns = clock_after(PUMP_DRAIN_S);

    for (size_t i = 0; i < n; i++) {
        pumps[i].draining = true;
    }
    while (outstanding(pumps, n) > 0 && clock_ns() < until_ns) {
        TRY(crowd_turn(crowd, until_ns));
    }
    for (size_t i = 0; i < n; i++) {
        pumps[i].figures->unanswered = pumps[i].outstanding;
    }
    return ERROR_NONE;
}

static void start(struct pump *pump)
{
    pump->outstanding = 0;
    pump->next_ns = 0;
    pump->draining = false;
}

static void tell(const struct pump *pumps, size_t n, bool on)
{
    for (size_t i = 0; i < n; i++) {
        if (pumps[i].measuring != NULL) {
            pumps[i].measuring(pumps[i].context, on);
        }
    }
}

enum error pumps_measure(struct pump *pumps, size_t n, struct crowd *crowd,
                         const struct options *options, const struct pool *pool)
{
    pid_t pids[POOL_SERVERS_MAX];
    size_t pids_n = pool_pids(pool, pids);

    for (size_t i = 0; i < n; i++) {
        start(&pumps[i]);
        TRY(figures_begin(pumps[i].figures, NULL, 0));
    }
    TRY(pumps_run(pumps, n, crowd, clock_after(options->warm_seconds)));
    for (size_t i = 0; i < n; i++) {
        pumps[i].withheld = 0;
        TRY(figures_begin(pumps[i].figures, pids, i == 0 ? pids_n : 0));
    }
    tell(pumps, n, true);
    TRY(pumps_run(pumps, n, crowd, clock_after(options->seconds)));
    tell(pumps, n, false);
    for (size_t i = 0; i < n; i++) {
        TRY(figures_end(pumps[i].figures));
    }
    return drain(pumps, n, crowd);
}

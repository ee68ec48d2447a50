#include <stdio.h>
#include <stdlib.h>

#include "ops/bench/lane.h"
#include "ops/bench/modes.h"
#include "ops/bench/spread.h"

/* In this order; the first of a pass is another one each time. */
static const struct lane *const lanes[] = {&lane_disk, &lane_etcd,
                                           &lane_commands, &lane_posts};

enum { DISK, ETCD, COMMANDS, POSTS, LANES };

/* What is said about two lanes. */
static const struct {
    const char *name;
    unsigned part, whole;
} ratios[] = {
    {"commands/etcd", COMMANDS, ETCD},   {"posts/etcd", POSTS, ETCD},
    {"posts/commands", POSTS, COMMANDS}, {"commands/disk", COMMANDS, DISK},
    {"posts/disk", POSTS, DISK},
};

/* What one lane did with one number outstanding, once per pass. */
struct cell {
    double rates[SPREAD_MAX];
    double p50_us[SPREAD_MAX];
    double p99_us[SPREAD_MAX];
    double cpu_us[SPREAD_MAX];
    uint64_t failed;
};

struct comparison {
    const struct bench *bench;
    void *opened[LANES];
    struct cell (*cells)[OUTSTANDING_MAX]; /* LANES of them. */
};

/* Of the servers; the disk has none and is written by perch-bench itself. */
static double cpu_us(unsigned lane, const struct figures *figures)
{
    uint64_t ns = lane == DISK ? figures->client_ns : figures->used.cpu_ns;

    return figures->operations == 0
               ? 0
               : (double)ns / 1000 / (double)figures->operations;
}

static enum error measure(struct comparison *comparison, unsigned lane,
                          unsigned at, unsigned pass)
{
    struct cell *cell = &comparison->cells[lane][at];
    struct figures figures;

    TRY(lanes[lane]->measure(comparison->opened[lane],
                             comparison->bench->options->outstanding[at],
                             &figures));
    cell->rates[pass] = figures_rate(&figures);
    cell->p50_us[pass] = (double)histogram_at(&figures.latency, 500000);
    cell->p99_us[pass] = (double)histogram_at(&figures.latency, 990000);
    cell->cpu_us[pass] = cpu_us(lane, &figures);
    cell->failed += figures.failed + figures.refused + figures.unanswered;
    return ERROR_NONE;
}

static enum error run_pass(struct comparison *comparison, unsigned pass)
{
    const struct options *options = comparison->bench->options;

    for (unsigned at = 0; at < options->outstanding_n; at++) {
        for (unsigned i = 0; i < LANES; i++) {
            TRY(measure(comparison, (i + pass) % LANES, at, pass));
        }
    }
    if (!options->json) {
        fprintf(stderr, "pass %u of %u is done\n", pass + 1, options->passes);
    }
    return ERROR_NONE;
}

static void report_cell(const struct comparison *comparison, unsigned lane,
                        unsigned at)
{
    const struct options *options = comparison->bench->options;
    const struct cell *cell = &comparison->cells[lane][at];
    struct report *report = comparison->bench->report;
    char label[32];

    snprintf(label, sizeof(label), "%s %u", lanes[lane]->name,
             options->outstanding[at]);
    report_row(report, "compare", label);
    spread_report(report, "per_second", cell->rates, options->passes, 0);
    spread_report_median(report, "p50_us", cell->p50_us, options->passes, 0);
    spread_report_median(report, "p99_us", cell->p99_us, options->passes, 0);
    spread_report_median(report, "cpu_us", cell->cpu_us, options->passes, 1);
    report_number(report, "failed", (double)cell->failed, 0);
    report_end_row(report);
}

/* A ratio is made of two figures of the same pass: what else the machine did in
 * that minute is in both. */
static void report_ratio(const struct comparison *comparison, unsigned i,
                         unsigned at)
{
    const struct options *options = comparison->bench->options;
    const double *part = comparison->cells[ratios[i].part][at].rates;
    const double *whole = comparison->cells[ratios[i].whole][at].rates;
    double each[SPREAD_MAX];
    char label[48];

    for (unsigned pass = 0; pass < options->passes; pass++) {
        each[pass] = whole[pass] > 0 ? part[pass] / whole[pass] : 0;
    }
    snprintf(label, sizeof(label), "%s %u", ratios[i].name,
             options->outstanding[at]);
    report_row(comparison->bench->report, "compare", label);
    spread_report(comparison->bench->report, "ratio", each, options->passes, 3);
    report_end_row(comparison->bench->report);
}

static void report_all(const struct comparison *comparison)
{
    size_t n = comparison->bench->options->outstanding_n;

    for (unsigned lane = 0; lane < LANES; lane++) {
        for (unsigned at = 0; at < n; at++) {
            report_cell(comparison, lane, at);
        }
    }
    for (unsigned i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        for (unsigned at = 0; at < n; at++) {
            report_ratio(comparison, i, at);
        }
    }
}

/* All stay up while each is measured in its turn: what the others cost idle is
 * the same for everyone. */
static enum error run(struct comparison *comparison)
{
    const struct bench *bench = comparison->bench;

    for (unsigned i = 0; i < LANES; i++) {
        TRY(lanes[i]->open(bench, &comparison->opened[i]));
    }
    for (unsigned pass = 0; pass < bench->options->passes; pass++) {
        TRY(run_pass(comparison, pass));
    }
    report_all(comparison);
    return ERROR_NONE;
}

enum error mode_compare(const struct bench *bench)
{
    struct comparison comparison = {
        .bench = bench, .cells = calloc(LANES, sizeof(*comparison.cells))};
    enum error error;

    if (comparison.cells == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = run(&comparison);
    for (unsigned i = 0; i < LANES; i++) {
        lanes[i]->close(comparison.opened[i]);
    }
    free(comparison.cells);
    return error;
}

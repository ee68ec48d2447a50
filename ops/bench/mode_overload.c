#include <stdio.h>

#include "ops/bench/modes.h"
#include "ops/bench/posting.h"

enum {
    OVERLOAD_SESSIONS = 1000, /* Each may send a few hundred a second. */
    OVERLOAD_ROOMS = 100,
    OVERLOAD_OUTSTANDING = 1024, /* What capacity is measured with. */
};

/* Parts of the capacity, in percent, offered one after the other. */
static const unsigned steps[] = {25, 50, 75, 100, 200};

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void report_step(const struct posting *posting,
                        const struct figures *figures, const char *label,
                        double offered)
{
    struct report *report = posting->bench->report;
    uint64_t withheld = posting->pump.withheld;

    report_row(report, "overload", label);
    report_number(report, "offered_per_second", offered, 0);
    report_number(report, "served_per_second", figures_rate(figures), 0);
    report_latencies(report, "", &figures->latency);
    report_number(report, "refused_%",
                  percent((double)figures->refused, offered * figures->seconds),
                  1);
    report_number(report, "withheld_%",
                  percent((double)withheld, offered * figures->seconds), 1);
    report_number(report, "failed",
                  (double)(figures->failed + figures->unanswered), 0);
    report_number(report, "rss_mib",
                  (double)figures->used.rss_bytes / (1024 * 1024), 0);
    report_number(report, "peak_rss_mib",
                  (double)figures->used.peak_rss_bytes / (1024 * 1024), 0);
    figures_report_cpu(figures, report, "cpu", figures->operations);
    report_end_row(report);
}

/* As many posts as are answered when there is always another one to send. */
static enum error find_capacity(struct posting *posting, double *capacity_out)
{
    struct figures figures;

    posting->pump.window = OVERLOAD_OUTSTANDING;
    TRY(posting_measure(posting, &figures));
    *capacity_out = figures_rate(&figures);
    report_step(posting, &figures, "capacity", *capacity_out);
    posting->pump.window = 0;
    return ERROR_NONE;
}

static enum error climb(struct posting *posting)
{
    struct figures figures;
    double capacity;

    TRY(find_capacity(posting, &capacity));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char label[32];

        posting->pump.rate = capacity * steps[i] / 100;
        TRY(posting_measure(posting, &figures));
        snprintf(label, sizeof(label), "%u %%", steps[i]);
        report_step(posting, &figures, label, capacity * steps[i] / 100);
    }
    return ERROR_NONE;
}

enum error mode_overload(const struct bench *bench)
{
    unsigned sessions = chosen(bench->options->sessions, OVERLOAD_SESSIONS);
    unsigned rooms = chosen(bench->options->rooms, OVERLOAD_ROOMS);
    struct posting posting;
    enum error error = posting_open(&posting, bench, sessions,
                                    rooms < sessions ? rooms : sessions);

    if (error == ERROR_NONE) {
        error = climb(&posting);
    }
    posting_close(&posting);
    return error;
}

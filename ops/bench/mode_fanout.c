#include <stdio.h>

#include "ops/bench/modes.h"
#include "ops/bench/posting.h"

enum { FANOUT_SESSIONS = 100 };

#define FANOUT_RATE 50.0

static void report(const struct posting *posting, const struct figures *figures,
                   struct report *report)
{
    const struct tracker *tracker = &posting->tracker;

    report_number(report, "posts_per_second", figures_rate(figures), 0);
    report_number(report, "deliveries_per_second",
                  (double)tracker->deliveries / figures->seconds, 0);
    report_latencies(report, "other_", &tracker->other);
    report_latencies(report, "same_", &tracker->same);
    figures_report_cpu(figures, report, "delivery", tracker->deliveries);
    report_latencies(report, "post_", &figures->latency);
    report_number(report, "refused", (double)figures->refused, 0);
    report_number(report, "failed",
                  (double)(figures->failed + figures->unanswered), 0);
}

static enum error measure(struct posting *posting, struct figures *figures)
{
    const struct bench *bench = posting->bench;
    char label[64];

    posting->pump.rate =
        bench->options->rate > 0 ? bench->options->rate : FANOUT_RATE;
    snprintf(label, sizeof(label), "%s %zu",
             bench->options->tls ? "tls" : "tcp", posting->sessions);
    TRY(posting_measure(posting, figures));
    report_row(bench->report, "fanout", label);
    report(posting, figures, bench->report);
    report_end_row(bench->report);
    return ERROR_NONE;
}

enum error mode_fanout(const struct bench *bench)
{
    struct posting posting;
    struct figures figures;
    enum error error = posting_open(
        &posting, bench, chosen(bench->options->sessions, FANOUT_SESSIONS), 1);

    if (error == ERROR_NONE) {
        error = measure(&posting, &figures);
    }
    posting_close(&posting);
    return error;
}

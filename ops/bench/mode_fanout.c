#include <stdio.h>

#include "ops/bench/modes.h"
#include "ops/bench/posting.h"

enum { FANOUT_SESSIONS = 100 };

#define FANOUT_RATE 50.0

static void report_kind(const struct posting *posting, const char *what,
                        const struct figures *figures,
                        const struct histogram *histogram, uint64_t bad)
{
    const struct bench *bench = posting->bench;
    char label[64];

    snprintf(label, sizeof(label), "%s %zu %s",
             bench->options->tls ? "tls" : "tcp", posting->sessions, what);
    report_row(bench->report, "fanout", label);
    report_number(bench->report, "per_second",
                  (double)histogram->n / figures->seconds, 0);
    report_latencies(bench->report, "", histogram);
    report_number(bench->report, "failed", (double)bad, 0);
    report_end_row(bench->report);
}

static void report(const struct posting *posting, const struct figures *figures)
{
    const struct tracker *tracker = &posting->tracker;
    struct report *report = posting->bench->report;

    report_kind(posting, "posts", figures, &figures->latency,
                figures->refused + figures->failed + figures->unanswered);
    report_kind(posting, "told on other", figures, &tracker->other, 0);
    report_kind(posting, "told on same", figures, &tracker->same, 0);
    report_row(report, "fanout", "cost");
    figures_report_cpu(figures, report, "delivery", tracker->deliveries);
    report_end_row(report);
}

static enum error measure(struct posting *posting, struct figures *figures)
{
    const struct options *options = posting->bench->options;

    posting->pumps[POSTING_POSTS].rate =
        options->rate > 0 ? options->rate : FANOUT_RATE;
    TRY(posting_measure(posting, figures, 1));
    report(posting, figures);
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

#include "ops/bench/figures.h"

#include <stdio.h>
#include <string.h>

#include "ops/bench/clock.h"
#include "proto/base/check.h"

enum error figures_begin(struct figures *figures, const pid_t *pids, size_t n)
{
    CHECK(n <= sizeof(figures->pids) / sizeof(figures->pids[0]));

    memset(figures, 0, sizeof(*figures));
    histogram_init(&figures->latency);
    figures->pids_n = n;
    for (size_t i = 0; i < n; i++) {
        figures->pids[i] = pids[i];
    }
    TRY(process_read_all(pids, n, &figures->before));
    figures->client_before_ns = clock_own_cpu_ns();
    figures->begun_ns = clock_ns();
    return ERROR_NONE;
}

enum error figures_end(struct figures *figures)
{
    struct process_usage now;

    figures->seconds =
        (double)(clock_ns() - figures->begun_ns) / (double)NS_PER_S;
    figures->client_ns = clock_own_cpu_ns() - figures->client_before_ns;
    TRY(process_read_all(figures->pids, figures->pids_n, &now));
    figures->used = process_since(&now, &figures->before);
    return ERROR_NONE;
}

double figures_rate(const struct figures *figures)
{
    return figures->seconds > 0 ? (double)figures->operations / figures->seconds
                                : 0;
}

static double us_each(uint64_t ns, uint64_t n)
{
    return n == 0 ? 0 : (double)ns / (double)NS_PER_US / (double)n;
}

/* Where in perchd the time went. */
static void report_parts(const struct figures *figures, struct report *report,
                         uint64_t n)
{
    for (int i = 0; i < PROCESS_PARTS; i++) {
        char column[32];

        snprintf(column, sizeof(column), "%s_us", process_part_name(i));
        report_number(report, column, us_each(figures->used.part_ns[i], n), 2);
    }
}

void figures_report_cpu(const struct figures *figures, struct report *report,
                        const char *name, uint64_t n)
{
    double share = figures->seconds == 0
                       ? 0
                       : 100 * (double)figures->client_ns / (double)NS_PER_S /
                             figures->seconds;
    char column[32];

    if (figures->pids_n > 0) {
        snprintf(column, sizeof(column), "%s_us", name);
        report_number(report, column, us_each(figures->used.cpu_ns, n), 2);
    }
    if (figures->used.part_ns[PROCESS_EDGE] > 0) {
        report_parts(figures, report, n);
    }
    report_number(report, "client_us", us_each(figures->client_ns, n), 2);
    report_number(report, "client_%", share, 0);
    if (share > CLIENT_SHARE_PERCENT_MAX) {
        report_note(report,
                    "the client used %.0f %% of a core in one of the rows: "
                    "its rate may be the client's, not the servers'",
                    share);
    }
}

void figures_report(const struct figures *figures, struct report *report)
{
    report_number(report, "per_second", figures_rate(figures), 0);
    report_latencies(report, "", &figures->latency);
    figures_report_cpu(figures, report, "cpu", figures->operations);
    report_number(report, "refused", (double)figures->refused, 0);
    report_number(report, "failed",
                  (double)(figures->failed + figures->unanswered), 0);
}

#include <stdio.h>

#include "ops/bench/clock.h"
#include "ops/bench/crowd.h"
#include "ops/bench/figures.h"
#include "ops/bench/modes.h"

/* What a server still does after a sign-in (keep-alive lines, freed buffers)
 * is over by then. */
enum { IDLE_SETTLE_S = 5 };

static const unsigned sizes[] = {1000, 10000};

static enum error settle(struct crowd *crowd)
{
    uint64_t until_ns = clock_after(IDLE_SETTLE_S);

    while (clock_ns() < until_ns) {
        TRY(crowd_turn(crowd, until_ns));
    }
    return ERROR_NONE;
}

static double kib(uint64_t bytes)
{
    return (double)bytes / 1024;
}

static void report(const struct bench *bench, unsigned n,
                   const struct figures *figures, uint64_t sign_in_ns,
                   uint64_t refusals)
{
    const struct process_usage *used = &figures->used;
    struct report *report = bench->report;
    int64_t grown =
        (int64_t)used->rss_bytes - (int64_t)figures->before.rss_bytes;
    char label[64];

    snprintf(label, sizeof(label), "%s %u", bench->options->tls ? "tls" : "tcp",
             n);
    report_row(report, "idle", label);
    report_number(report, "session_kib", (double)grown / 1024 / n, 2);
    report_number(report, "rss_before_kib", kib(figures->before.rss_bytes), 0);
    report_number(report, "rss_kib", kib(used->rss_bytes), 0);
    report_number(report, "sign_ins_per_second",
                  n / ((double)sign_in_ns / (double)NS_PER_S), 0);
    report_number(report, "sign_in_us",
                  (double)used->cpu_ns / (double)NS_PER_US / n, 0);
    report_number(report, "put_off", (double)refusals, 0);
    report_end_row(report);
}

static enum error measure(const struct bench *bench, struct crowd *crowd,
                          unsigned n, struct figures *figures)
{
    uint64_t begun_ns = clock_ns(), sign_in_ns;

    TRY(crowd_open(crowd, n));
    sign_in_ns = clock_ns() - begun_ns;
    TRY(settle(crowd));
    TRY(figures_end(figures));
    report(bench, n, figures, sign_in_ns, crowd_refusals(crowd));
    return ERROR_NONE;
}

/* Servers that have held more before keep that memory and fill it again. */
static void note_reuse(const struct bench *bench, const struct figures *figures)
{
    const struct process_usage *before = &figures->before;

    if (before->peak_rss_bytes > before->rss_bytes + before->rss_bytes / 8) {
        report_note(bench->report,
                    "the servers have used %.0f KiB before and %.0f KiB when "
                    "this began: restart them, or the memory they reuse is "
                    "missing here",
                    kib(before->peak_rss_bytes), kib(before->rss_bytes));
    }
}

static enum error run(const struct bench *bench, struct crowd *crowd,
                      struct figures *figures)
{
    pid_t pids[POOL_SERVERS_MAX];
    size_t n = pool_pids(&bench->pool, pids);

    TRY(figures_begin(figures, pids, n));
    note_reuse(bench, figures);
    if (bench->options->sessions != 0) {
        return measure(bench, crowd, bench->options->sessions, figures);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        TRY(measure(bench, crowd, sizes[i], figures));
    }
    return ERROR_NONE;
}

enum error mode_idle(const struct bench *bench)
{
    struct crowd_settings settings = {
        .options = bench->options,
        .pool = &bench->pool,
        .handler = handler_ignoring(NULL),
        .n = chosen(bench->options->sessions, 10000)};
    struct figures figures;
    struct crowd *crowd;
    enum error error;

    TRY(crowd_new(&crowd, &settings));
    error = run(bench, crowd, &figures);
    crowd_free(crowd);
    return error;
}

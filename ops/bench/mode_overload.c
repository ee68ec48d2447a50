#include <inttypes.h>
#include <stdio.h>

#include "ops/bench/modes.h"
#include "ops/bench/posting.h"

enum {
    OVERLOAD_SESSIONS = 1000, /* Each may send a few hundred a second. */
    OVERLOAD_ROOMS = 100,
    OVERLOAD_OUTSTANDING = 1024,       /* What capacity is measured with. */
    OVERLOAD_P99_US_MAX = 1000 * 1000, /* Who waits longer suffers. */
};

/* Of newcomers, each of whom signs in and goes: as if 15,000 people came to
 * work within a quarter of an hour. */
#define OVERLOAD_SIGN_INS_PER_S 16.0

/* Parts of the capacity, in percent, offered one after the other. */
static const unsigned steps[] = {25, 50, 75, 100, 200, 400};

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

/* What newcomers were told meanwhile. */
static void report_sign_ins(const struct posting *posting,
                            const struct figures *figures)
{
    struct report *report = posting->bench->report;

    report_number(report, "sign_ins_200", (double)figures->operations, 0);
    report_number(report, "sign_ins_503", (double)figures->refused, 0);
    report_number(report, "sign_ins_failed",
                  (double)(figures->failed + figures->unanswered +
                           posting->pumps[POSTING_SIGN_INS].withheld),
                  0);
    report_number(report, "sign_in_p99_us",
                  (double)histogram_at(&figures->latency, 990000), 0);
}

/* Who comes is to be refused before who is in suffers. */
static void judge_order(const struct posting *posting, const char *label,
                        const struct figures *all)
{
    const struct figures *posts = &all[POSTING_POSTS];
    const struct figures *sign_ins = &all[POSTING_SIGN_INS];

    uint64_t p99_us = histogram_at(&posts->latency, 990000);

    if ((posts->refused > 0 || p99_us > OVERLOAD_P99_US_MAX) &&
        sign_ins->refused == 0) {
        report_note(posting->bench->report,
                    "at %s those who are in suffered (%" PRIu64
                    " posts refused, p99 %" PRIu64
                    " ms) and no newcomer was refused",
                    label, posts->refused, p99_us / 1000);
    }
}

static void report_step(const struct posting *posting,
                        const struct figures *all, const char *label,
                        double offered)
{
    struct report *report = posting->bench->report;
    const struct figures *figures = &all[POSTING_POSTS];
    uint64_t withheld = posting->pumps[POSTING_POSTS].withheld;

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
    report_sign_ins(posting, &all[POSTING_SIGN_INS]);
    report_end_row(report);
    judge_order(posting, label, all);
}

/* As many posts as are answered when there is always another one to send. */
static enum error find_capacity(struct posting *posting,
                                struct figures figures[POSTING_PUMPS],
                                double *capacity_out)
{
    struct pump *posts = &posting->pumps[POSTING_POSTS];

    posts->window = OVERLOAD_OUTSTANDING;
    TRY(posting_measure(posting, figures, POSTING_PUMPS));
    *capacity_out = figures_rate(&figures[POSTING_POSTS]);
    report_step(posting, figures, "capacity", *capacity_out);
    posts->window = 0;
    return ERROR_NONE;
}

static enum error climb(struct posting *posting)
{
    static struct figures figures[POSTING_PUMPS]; /* Too much for a stack. */
    const struct options *options = posting->bench->options;
    double capacity;

    posting->pumps[POSTING_SIGN_INS].rate =
        options->rate > 0 ? options->rate : OVERLOAD_SIGN_INS_PER_S;
    TRY(find_capacity(posting, figures, &capacity));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char label[32];

        posting->pumps[POSTING_POSTS].rate = capacity * steps[i] / 100;
        TRY(posting_measure(posting, figures, POSTING_PUMPS));
        snprintf(label, sizeof(label), "%u %%", steps[i]);
        report_step(posting, figures, label, capacity * steps[i] / 100);
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

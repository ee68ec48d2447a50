#include <stdio.h>
#include <stdlib.h>

#include "ops/bench/desk.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"
#include "ops/bench/spread.h"

/* What posts did in one mode of the archive with one number outstanding, once
 * per pass. */
struct cell {
    double rates[SPREAD_MAX];
    double p50_us[SPREAD_MAX];
    double p99_us[SPREAD_MAX];
    double cpu_us[SPREAD_MAX];
    double archive_us[SPREAD_MAX]; /* Of that, the archive's own threads. */
    uint64_t failed;
};

struct archiving {
    const struct bench *bench;
    void *posts;
    struct cell (*cells)[OUTSTANDING_MAX]; /* DESK_MODES of them. */
    uint64_t records_before;
    struct desk_bytes before;
};

static void keep(struct cell *cell, const struct figures *figures,
                 unsigned pass)
{
    double posts = figures->operations == 0 ? 1 : (double)figures->operations;
    uint64_t archive_ns = figures->used.part_ns[PROCESS_ARCHIVE];

    cell->rates[pass] = figures_rate(figures);
    cell->p50_us[pass] = (double)histogram_at(&figures->latency, 500000);
    cell->p99_us[pass] = (double)histogram_at(&figures->latency, 990000);
    cell->cpu_us[pass] = (double)figures->used.cpu_ns / 1000 / posts;
    cell->archive_us[pass] = (double)archive_ns / 1000 / posts;
    cell->failed += figures->failed + figures->refused + figures->unanswered;
}

/* What the mode before has left to be written is not this one's. */
static enum error measure(struct archiving *archiving, unsigned mode,
                          unsigned at, unsigned pass)
{
    const struct bench *bench = archiving->bench;
    struct desk_archive archive;
    struct figures figures;

    TRY(desk_set_mode(bench, mode));
    TRY(desk_await(bench, &archive));
    TRY(lane_posts.measure(archiving->posts, bench->options->outstanding[at],
                           &figures));
    keep(&archiving->cells[mode][at], &figures, pass);
    return ERROR_NONE;
}

static enum error run_pass(struct archiving *archiving, unsigned pass)
{
    const struct options *options = archiving->bench->options;

    for (unsigned at = 0; at < options->outstanding_n; at++) {
        for (unsigned i = 0; i < DESK_MODES; i++) {
            TRY(measure(archiving, (i + pass) % DESK_MODES, at, pass));
        }
    }
    if (!options->json) {
        fprintf(stderr, "pass %u of %u is done\n", pass + 1, options->passes);
    }
    return ERROR_NONE;
}

static void report_cell(const struct archiving *archiving, unsigned mode,
                        unsigned at)
{
    const struct options *options = archiving->bench->options;
    const struct cell *cell = &archiving->cells[mode][at];
    struct report *report = archiving->bench->report;
    char label[32];

    snprintf(label, sizeof(label), "%s %u", desk_mode_name(mode),
             options->outstanding[at]);
    report_row(report, "archive", label);
    spread_report(report, "per_second", cell->rates, options->passes, 0);
    spread_report_median(report, "p50_us", cell->p50_us, options->passes, 0);
    spread_report_median(report, "p99_us", cell->p99_us, options->passes, 0);
    spread_report_median(report, "cpu_us", cell->cpu_us, options->passes, 1);
    spread_report_median(report, "archive_us", cell->archive_us,
                         options->passes, 1);
    report_number(report, "failed", (double)cell->failed, 0);
    report_end_row(report);
}

/* Beside the mode off of the same pass: the rate as a ratio, the CPU of all
 * nodes as so much more. */
static void report_beside_off(const struct archiving *archiving, unsigned mode,
                              unsigned at)
{
    const struct options *options = archiving->bench->options;
    const struct cell *off = &archiving->cells[DESK_OFF][at];
    const struct cell *cell = &archiving->cells[mode][at];
    struct report *report = archiving->bench->report;
    double ratios[SPREAD_MAX], more_us[SPREAD_MAX];
    char label[48];

    for (unsigned pass = 0; pass < options->passes; pass++) {
        ratios[pass] =
            off->rates[pass] > 0 ? cell->rates[pass] / off->rates[pass] : 0;
        more_us[pass] = cell->cpu_us[pass] - off->cpu_us[pass];
    }
    snprintf(label, sizeof(label), "%s/off %u", desk_mode_name(mode),
             options->outstanding[at]);
    report_row(report, "archive", label);
    spread_report(report, "ratio", ratios, options->passes, 3);
    spread_report(report, "more_cpu_us", more_us, options->passes, 1);
    report_end_row(report);
}

/* Of those in whole bundles: the rest is in files that are written anew. */
static uint64_t in_bundles(uint64_t records)
{
    return records - records % DESK_BUNDLE_RECORDS;
}

static void report_bytes(const struct archiving *archiving,
                         const struct desk_archive *now)
{
    struct report *report = archiving->bench->report;
    struct desk_bytes bytes = desk_measure(archiving->bench);
    double records = (double)(in_bundles(now->records) -
                              in_bundles(archiving->records_before));
    double entries = (double)(bytes.entries - archiving->before.entries);
    double others = (double)(bytes.others - archiving->before.others);

    report_row(report, "archive", "files of a node");
    report_number(report, "records", records, 0);
    if (records > 0 && bytes.entries > 0) {
        report_number(report, "record_bytes", entries / records, 1);
        report_number(report, "hash_bytes", others / records, 1);
    }
    report_end_row(report);
}

static enum error run(struct archiving *archiving)
{
    const struct bench *bench = archiving->bench;
    struct desk_archive archive;

    TRY(lane_posts.open(bench, &archiving->posts));
    TRY(desk_await(bench, &archive));
    archiving->records_before = archive.records;
    archiving->before = desk_measure(bench);
    for (unsigned pass = 0; pass < bench->options->passes; pass++) {
        TRY(run_pass(archiving, pass));
    }
    TRY(desk_await(bench, &archive));
    for (unsigned at = 0; at < bench->options->outstanding_n; at++) {
        for (unsigned mode = 0; mode < DESK_MODES; mode++) {
            report_cell(archiving, mode, at);
        }
    }
    for (unsigned at = 0; at < bench->options->outstanding_n; at++) {
        for (unsigned mode = DESK_ON; mode < DESK_MODES; mode++) {
            report_beside_off(archiving, mode, at);
        }
    }
    report_bytes(archiving, &archive);
    return ERROR_NONE;
}

enum error mode_archive(const struct bench *bench)
{
    struct archiving archiving = {
        .bench = bench, .cells = calloc(DESK_MODES, sizeof(*archiving.cells))};
    struct desk_archive before;
    enum error error;

    if (archiving.cells == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = desk_look(bench, &before);
    if (error == ERROR_NONE) {
        error = run(&archiving);
        desk_set_mode(bench, before.mode);
    }
    lane_posts.close(archiving.posts);
    free(archiving.cells);
    return error;
}

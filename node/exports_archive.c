/* The compliance archive's names in monitoring. Which of them are alarms, and
 * from what value on, is in README.md's part on monitoring. */
#include <math.h>

#include "node/exports.h"

#define COUNTER(series, meter, says)                                           \
    {                                                                          \
        .name = series, .help = says, .type = METRIC_COUNTER,                  \
        .counter = &(meter)                                                    \
    }
#define GAUGE(series, meter, says)                                             \
    {                                                                          \
        .name = series, .help = says, .type = METRIC_GAUGE, .gauge = &(meter)  \
    }

static enum error add_files(struct metrics *metrics,
                            const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        GAUGE("perch_archive_durable_records", meters->records,
              "Records in this node's files, durably."),
        GAUGE("perch_archive_behind_records", meters->behind,
              "Records that are not yet in this node's files."),
        GAUGE("perch_archive_state", meters->state,
              "This node's files: 0 fine, 1 the disk is full, 2 failed."),
        COUNTER("perch_archive_written_bytes_total", meters->bytes,
                "Bytes of the archive written to files."),
        COUNTER("perch_archive_files_total", meters->files,
                "Files of the archive written."),
        COUNTER("perch_archive_errors_total", meters->errors,
                "Writes to the archive that failed."),
        COUNTER("perch_archive_fetched_records_total", meters->fetched,
                "Records had from other nodes."),
        COUNTER("perch_archive_refused_total", meters->refused,
                "Parts from other nodes that were wrong."),
        COUNTER("perch_archive_mended_total", meters->mended,
                "Files of the archive found damaged and written again."),
        {.name = "perch_archive_write_seconds",
         .help = "From the begin of a batch of records to all synced.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->write_us},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_signatures(struct metrics *metrics,
                                 const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        GAUGE("perch_archive_diverged", meters->diverged,
              "1 when this node's root is not the pool's."),
        GAUGE("perch_archive_wrong_log_key", meters->wrong_log_key,
              "1 when the log's key here is not the pool's."),
        GAUGE("perch_archive_checkpoint_unsigned", meters->checkpoint_unsigned,
              "1 when no node has the log's key."),
        COUNTER("perch_archive_forged_signatures_total", meters->forged,
                "Signatures in the state that are wrong."),
        COUNTER("perch_archive_witness_errors_total", meters->witness_errors,
                "Talks with witnesses that failed."),
        GAUGE("perch_archive_cosigners", meters->cosigners,
              "Nodes whose cosignatures the newest checkpoint here has."),
        COUNTER("perch_archive_canaries_total", meters->canaries,
                "Canaries of this node that were proved to be archived."),
        GAUGE("perch_archive_canary_failed", meters->canary_failed,
              "1 when the last canary cannot be proved."),
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_exporting(struct metrics *metrics,
                                const struct exporting_meters *meters)
{
    const struct metric rows[] = {
        GAUGE("perch_adapter_running", meters->running,
              "Compliance adapters that run on this node."),
        COUNTER("perch_adapter_runs_total", meters->runs,
                "Runs of compliance adapters begun on this node."),
        COUNTER("perch_adapter_cuts_total", meters->cuts,
                "Cuts that their sinks have acknowledged to this node."),
        COUNTER("perch_adapter_records_total", meters->records,
                "Records in those."),
        COUNTER("perch_adapter_failures_total", meters->failures,
                "Runs that failed, hung or lied."),
        COUNTER("perch_adapter_lies_total", meters->lies,
                "Runs with a wrong acknowledgement."),
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_adapters(struct metrics *metrics,
                               const struct watch_meters *meters)
{
    const struct metric rows[] = {
        GAUGE("perch_archive_adapters", meters->adapters,
              "Compliance adapters that are not disabled."),
        GAUGE("perch_archive_no_adapter", meters->no_adapter,
              "1 when the archive is on and nothing takes it anywhere."),
        GAUGE("perch_archive_adapters_failing", meters->adapters_failing,
              "Compliance adapters whose last run failed."),
        GAUGE("perch_archive_adapters_late", meters->adapters_late,
              "Compliance adapters behind their interval and the bound."),
        GAUGE("perch_archive_adapter_lag_records", meters->adapter_lag,
              "Records that the sink furthest behind has not."),
        GAUGE("perch_archive_adapter_lag_seconds", meters->adapter_lag_s,
              "Since when the sink furthest behind lacks any."),
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_pool(struct metrics *metrics,
                           const struct watch_meters *meters)
{
    const struct metric rows[] = {
        GAUGE("perch_archive_mode", meters->mode,
              "Compliance: 0 off, 1 on, 2 required."),
        GAUGE("perch_archive_records", meters->records,
              "Records of the pool's archive."),
        GAUGE("perch_archive_published_records", meters->published,
              "Records of the published checkpoint."),
        GAUGE("perch_archive_halted", meters->halted,
              "1 when a witness has seen more than there is."),
        GAUGE("perch_archive_refusing", meters->refusing,
              "1 when posts are refused for the archive's sake."),
        GAUGE("perch_archive_nodes_diverged", meters->nodes_diverged,
              "Nodes whose root is not the pool's."),
        GAUGE("perch_archive_nodes_failing", meters->nodes_failing,
              "Nodes that cannot write their archive."),
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static double level_or_none(const struct meter_gauge *gauge)
{
    int64_t level = meter_level(gauge);

    return level < 0 ? NAN : (double)level;
}

static void fill_ages(void *context, double *values)
{
    const struct watch_meters *meters = context;

    values[0] = level_or_none(&meters->checkpoint_age_s);
    values[1] = level_or_none(&meters->witness_age_s);
}

/* What there is none of has no age. */
static enum error add_ages(struct metrics *metrics,
                           const struct watch_meters *meters)
{
    static const struct metric rows[] = {
        {.name = "perch_archive_checkpoint_age_seconds",
         .help = "Since the published checkpoint was begun.",
         .type = METRIC_GAUGE},
        {.name = "perch_archive_witness_age_seconds",
         .help = "Since the word of the witness that was heard longest ago.",
         .type = METRIC_GAUGE},
    };

    return metrics_add_group(metrics, rows, METRIC_ROWS(rows), fill_ages,
                             (void *)(uintptr_t)meters);
}

enum error exports_add_archive(struct metrics *metrics,
                               const struct compliance_meters *meters)
{
    TRY(add_files(metrics, meters));
    TRY(add_signatures(metrics, meters));
    TRY(add_exporting(metrics, &meters->exporting));
    TRY(add_adapters(metrics, &meters->watch));
    TRY(add_pool(metrics, &meters->watch));
    return add_ages(metrics, &meters->watch);
}

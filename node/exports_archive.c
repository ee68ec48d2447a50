#include "node/exports.h"

/* The files of this node. */
static enum error add_files(struct metrics *metrics,
                            const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_archive_records",
         .help = "Records that are durable in this node's archive files.",
         .type = METRIC_GAUGE,
         .gauge = &meters->records},
        {.name = "perch_archive_records_behind",
         .help = "Records that are not in this node's archive files yet.",
         .type = METRIC_GAUGE,
         .gauge = &meters->behind},
        {.name = "perch_archive_state",
         .help = "Archive files of this node: 0 fine, 1 the volume is full, 2 "
                 "they cannot be written for another reason.",
         .type = METRIC_GAUGE,
         .gauge = &meters->state},
        {.name = "perch_archive_written_bytes_total",
         .help = "Bytes written to archive files.",
         .type = METRIC_COUNTER,
         .counter = &meters->bytes},
        {.name = "perch_archive_written_files_total",
         .help = "Archive files written.",
         .type = METRIC_COUNTER,
         .counter = &meters->files},
        {.name = "perch_archive_write_seconds",
         .help = "From the begin of a job of the archive until all of it is "
                 "durable.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->write_us},
    };

    return metrics_add(metrics, rows, sizeof(rows) / sizeof(rows[0]));
}

/* What went wrong with them, and what became of that. */
static enum error add_faults(struct metrics *metrics,
                             const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_archive_errors_total",
         .help = "Jobs of the archive that failed and were tried again.",
         .type = METRIC_COUNTER,
         .counter = &meters->errors},
        {.name = "perch_archive_fetched_records_total",
         .help = "Records that were not in this node's store and were had from "
                 "files, its own or another node's.",
         .type = METRIC_COUNTER,
         .counter = &meters->fetched},
        {.name = "perch_archive_peers_wrong_total",
         .help = "Bytes from other nodes that did not have the hash they must "
                 "have.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_archive_mended_files_total",
         .help = "Archive files that were found damaged and written anew.",
         .type = METRIC_COUNTER,
         .counter = &meters->mended},
    };

    return metrics_add(metrics, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Checkpoints and who signs them. */
static enum error add_checkpoints(struct metrics *metrics,
                                  const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_archive_checkpoint_records",
         .help = "Records of the newest checkpoint in this node's files.",
         .type = METRIC_GAUGE,
         .gauge = &meters->checkpoint_size},
        {.name = "perch_archive_checkpoint_time_seconds",
         .help = "When it was begun, seconds since 1970.",
         .type = METRIC_GAUGE,
         .gauge = &meters->checkpoint_s},
        {.name = "perch_archive_cosigners",
         .help = "Nodes whose cosignatures it has.",
         .type = METRIC_GAUGE,
         .gauge = &meters->cosigners},
        {.name = "perch_archive_checkpoint_unsigned",
         .help = "1: no node has the key of the archive's log.",
         .type = METRIC_GAUGE,
         .gauge = &meters->checkpoint_unsigned},
        {.name = "perch_archive_diverged",
         .help = "1: the root of this node's files is not the pool's.",
         .type = METRIC_GAUGE,
         .gauge = &meters->diverged},
        {.name = "perch_archive_log_key_wrong",
         .help = "1: the log's key on this node is not the one the pool "
                 "believes.",
         .type = METRIC_GAUGE,
         .gauge = &meters->wrong_log_key},
        {.name = "perch_archive_forged_total",
         .help = "Signatures in the pool's state that are wrong.",
         .type = METRIC_COUNTER,
         .counter = &meters->forged},
    };

    return metrics_add(metrics, rows, sizeof(rows) / sizeof(rows[0]));
}

/* Who watches from outside, and what proves that talk gets there. */
static enum error add_watch(struct metrics *metrics,
                            const struct compliance_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_archive_witness_behind_seconds",
         .help = "How far the witness that is furthest behind is behind.",
         .type = METRIC_GAUGE,
         .gauge = &meters->witness_behind_s},
        {.name = "perch_archive_witness_errors_total",
         .help = "Talks with witnesses that failed.",
         .type = METRIC_COUNTER,
         .counter = &meters->witness_errors},
        {.name = "perch_archive_canaries_total",
         .help = "Canaries of this node that were proved to be in the archive.",
         .type = METRIC_COUNTER,
         .counter = &meters->canaries},
        {.name = "perch_archive_canary_time_seconds",
         .help = "When the last one was, seconds since 1970.",
         .type = METRIC_GAUGE,
         .gauge = &meters->canary_s},
        {.name = "perch_archive_canary_failed",
         .help = "1: the last canary cannot be proved.",
         .type = METRIC_GAUGE,
         .gauge = &meters->canary_failed},
    };

    return metrics_add(metrics, rows, sizeof(rows) / sizeof(rows[0]));
}

enum error exports_add_archive(struct metrics *metrics,
                               const struct compliance_meters *meters)
{
    TRY(add_files(metrics, meters));
    TRY(add_faults(metrics, meters));
    TRY(add_checkpoints(metrics, meters));
    return add_watch(metrics, meters);
}

#include "node/exports.h"

enum error exports_add_directories(struct metrics *metrics,
                                   const struct directory_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_directory_known",
         .help = "Directories whose adapters have ever reported.",
         .type = METRIC_GAUGE,
         .gauge = &meters->known},
        {.name = "perch_directory_held",
         .help = "Of them, those whose run takes away so much that it waits "
                 "for perchctl directory confirm.",
         .type = METRIC_GAUGE,
         .gauge = &meters->held},
        {.name = "perch_directory_failed",
         .help = "Of them, those whose last run failed.",
         .type = METRIC_GAUGE,
         .gauge = &meters->failed},
        {.name = "perch_directory_done_timestamp_seconds",
         .help = "When the one furthest behind was last followed to its end, "
                 "since 1970; 0: never, or there is none.",
         .type = METRIC_GAUGE,
         .gauge = &meters->done_at_s},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

enum error exports_add_keeping(struct metrics *metrics,
                               const struct keeping_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_retention_purges_total",
         .help = "Purges this node has had made, as leader, for retention.",
         .type = METRIC_COUNTER,
         .counter = &meters->purges},
        {.name = "perch_retention_messages_total",
         .help = "Messages erased by those.",
         .type = METRIC_COUNTER,
         .counter = &meters->purged},
        {.name = "perch_retention_refused_total",
         .help = "Purges that the rules refused: held meanwhile, or done.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_retention_not_read_total",
         .help = "Rooms whose messages could not be read for retention.",
         .type = METRIC_COUNTER,
         .counter = &meters->not_read},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

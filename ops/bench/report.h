/* What perch-bench says: rows of named figures, as a table that grows while the
 * run goes on, or as one JSON object at its end.
 *
 * A figure is named like its unit says: "per_second", "p99_us", "rss_bytes".
 *
 * Thread: the owner's.
 */
#ifndef OPS_BENCH_REPORT_H
#define OPS_BENCH_REPORT_H

#include <stdbool.h>

#include "proto/base/histogram.h"

struct report;

/** Make an empty report. NULL when memory is out. */
struct report *report_new(bool json);

/** Begin a row: the mode, and which of its measurements ("tcp 64"). */
void report_row(struct report *report, const char *mode, const char *label);

/** Add a figure to the row, shown with so many decimals in the table. */
void report_number(struct report *report, const char *name, double number,
                   int decimals);

/** Add p50, p99, p99.9 and most of a histogram, as PREFIXp50_us and so on. */
void report_latencies(struct report *report, const char *prefix,
                      const struct histogram *histogram);

/** End the row; the table shows it at once. */
void report_end_row(struct report *report);

/** Add a sentence that a reader of the figures must know. */
void report_note(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Print the JSON object, if that is what was asked for, and the notes. */
void report_finish(struct report *report);

/** Free. Accepts NULL. */
void report_free(struct report *report);

#endif

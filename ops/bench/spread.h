/* The same figure measured several times: its median, with the least and the
 * most.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_SPREAD_H
#define OPS_BENCH_SPREAD_H

#include "ops/bench/report.h"

enum { SPREAD_MAX = 100 }; /* Times. */

/** Add the median, NAME_least and NAME_most to the report's row. */
void spread_report(struct report *report, const char *name,
                   const double *numbers, unsigned n, int decimals);

/** Add the median alone. */
void spread_report_median(struct report *report, const char *name,
                          const double *numbers, unsigned n, int decimals);

#endif

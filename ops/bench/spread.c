#include "ops/bench/spread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

static int order(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void sort(double sorted[SPREAD_MAX], const double *numbers, unsigned n)
{
    CHECK(n > 0 && n <= SPREAD_MAX);
    memcpy(sorted, numbers, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), order);
}

static double median(const double *sorted, unsigned n)
{
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

void spread_report(struct report *report, const char *name,
                   const double *numbers, unsigned n, int decimals)
{
    double sorted[SPREAD_MAX];
    char column[32];

    sort(sorted, numbers, n);
    report_number(report, name, median(sorted, n), decimals);
    snprintf(column, sizeof(column), "%s_least", name);
    report_number(report, column, sorted[0], decimals);
    snprintf(column, sizeof(column), "%s_most", name);
    report_number(report, column, sorted[n - 1], decimals);
}

void spread_report_median(struct report *report, const char *name,
                          const double *numbers, unsigned n, int decimals)
{
    double sorted[SPREAD_MAX];

    sort(sorted, numbers, n);
    report_number(report, name, median(sorted, n), decimals);
}

/* A strict reader of Prometheus' text format, for tests: what it takes,
 * `promtool check metrics` takes without a warning.
 *
 * Debian's package with promtool is 96 MB, draws in eleven packages of web
 * pages and starts a server on port 9090, which a build machine must not; so
 * its rules are here, and where promtool is at hand anyway,
 * tests/CMakeLists.txt asks it too.
 */
#ifndef TESTS_UNIT_EXPOSITION_H
#define TESTS_UNIT_EXPOSITION_H

#include <stddef.h>

enum { EXPOSITION_WHY_BYTES = 512 };

/**
 * Check a page of text format 0.0.4.
 *
 * Format: families side by side, HELP and TYPE first, no series twice, numbers
 * and labels well-formed, buckets cumulative and ending in +Inf = _count.
 * Names: counters alone end in _total, base units only, lower case, no name of
 * a type. House: the labels are node and kind, in this order, then le.
 *
 * @page     NUL-terminated.
 * @why_out  Says which line is wrong and how.
 *
 * Returns how many series the page has; -1 when something is wrong.
 */
int exposition_check(const char *page, char why_out[EXPOSITION_WHY_BYTES]);

/**
 * Find the value of one series.
 *
 * @series  As on the page: perch_x_total{kind="y"}.
 *
 * Returns NAN when the page has no such series.
 */
double exposition_value(const char *page, const char *series);

#endif

/* The names under which a node exports what it counts, and the page that
 * Prometheus reads.
 *
 * Modules keep their meters (proto/base/meter.h) and know no names; whoever
 * wires a node registers them here from tables of struct metric, once, at
 * start. A name is perch_<area>_<what>_<unit>: base units only (_seconds,
 * _bytes), counters end in _total. Labels are node and kind and can be nothing
 * else: a label that held a room or a user would be a new series for each, in
 * every monitoring system that looks. A table that breaks a rule stops the node
 * at start (CHECK).
 *
 * Spec: Prometheus text exposition format 0.0.4.
 *
 * Thread: registering is main's, before the web thread starts; writing is the
 * web thread's; the meters themselves are any thread's.
 */
#ifndef NODE_WEB_METRICS_H
#define NODE_WEB_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/meter.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One row of a table: one series. Rows of the same name are one family; they
 * differ in node or kind, and agree in type and help. */
struct metric {
    const char *name;
    const char *help; /* One line; borrowed for good, as the name is. */
    enum metric_type type;
    uint8_t node;      /* Label node="3"; 0: none. */
    const char *kind;  /* Label kind="post", [a-z0-9_]; NULL: none. */
    uint64_t per_unit; /* The meter's value is divided by this: 1000000 for
                          microseconds; 0 is 1. Histograms have their scale. */
    union {            /* By type; unused in a group. */
        const struct meter_counter *counter;
        const struct meter_gauge *gauge;
        const struct meter_histogram *histogram;
    };
};

/* How many rows a table has. */
#define METRIC_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

struct metrics;

/** Make an empty registry. NULL when memory is out. Owned by the caller. */
struct metrics *metrics_new(void);

/** Free the registry, not the meters. Accepts NULL. */
void metrics_free(struct metrics *metrics);

/**
 * Register a table of meters.
 *
 * @rows  Copied; the meters and texts they point to outlive the registry.
 *
 * Returns NO_MEMORY.
 */
enum error metrics_add(struct metrics *metrics, const struct metric *rows,
                       size_t n);

/**
 * Register gauges and counters whose values one function fills in at each
 * scrape, for instance from a board that another thread posts to.
 *
 * @rows  As in metrics_add, without meters; no histograms.
 * @fill  Gets one value for each row, in their order, all NAN; what it leaves
 *        NAN is not exported. Called on the web thread; must not block.
 *
 * Returns NO_MEMORY.
 */
enum error metrics_add_group(struct metrics *metrics, const struct metric *rows,
                             size_t n,
                             void (*fill)(void *context, double *values),
                             void *context);

/**
 * Append the page.
 *
 * Out of memory shows in buffer_failed, and the page is then not to be served.
 */
void metrics_write(struct metrics *metrics, struct buffer *buffer);

#endif

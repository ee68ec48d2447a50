/* What a node counts while it runs: counters, gauges and histograms with fixed
 * buckets, cheap enough to update for every message.
 *
 * A module embeds its meters and updates them where things happen; it does not
 * know who reads them. node/web gives them names (node/web/metrics.h).
 *
 * Thread: any, without locks. A reader sees each number whole, and numbers of
 * the same moment only by luck.
 */
#ifndef PROTO_BASE_METER_H
#define PROTO_BASE_METER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Only grows. Starts at 0 in zeroed memory. */
struct meter_counter {
    _Atomic uint64_t value;
};

/* Goes up and down. Starts at 0 in zeroed memory. */
struct meter_gauge {
    _Atomic int64_t value;
};

enum { METER_BOUNDS_MAX = 20 };

/* The bounds of a histogram's buckets, and what one unit of them is. */
struct meter_scale {
    size_t n; /* Bounds; above the last there is one bucket more. */
    uint64_t bounds[METER_BOUNDS_MAX]; /* Largest value, ascending. */
    uint64_t per_unit; /* Values in one base unit: 1000000 for us in s. */
};

extern const struct meter_scale meter_seconds; /* 50 us to 100 s, in us. */
extern const struct meter_scale meter_sizes;   /* 1 to 16 Mi, by fours. */

struct meter_histogram {
    const struct meter_scale *scale;
    _Atomic uint64_t buckets[METER_BOUNDS_MAX + 1]; /* Not cumulative. */
    _Atomic uint64_t sum;
};

/** Start empty. Before any thread observes. */
void meter_histogram_init(struct meter_histogram *histogram,
                          const struct meter_scale *scale);

/** Count a value, in the scale's small unit (microseconds, bytes). */
void meter_observe(struct meter_histogram *histogram, uint64_t value);

/**
 * Read a histogram the way it is exported.
 *
 * @upto_out  For each bound of the scale, how many values did not exceed it;
 *            then, as the last of n + 1 numbers, how many there are in all.
 * @sum_out   All values added up, in the small unit.
 */
void meter_histogram_read(const struct meter_histogram *histogram,
                          uint64_t upto_out[METER_BOUNDS_MAX + 1],
                          uint64_t *sum_out);

/** Count n more. */
static inline void meter_add(struct meter_counter *counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counter->value, n, memory_order_relaxed);
}

/** Read a counter. */
static inline uint64_t meter_count(const struct meter_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/** Set a gauge. */
static inline void meter_set(struct meter_gauge *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

/** Move a gauge up, or down when by is negative. */
static inline void meter_move(struct meter_gauge *gauge, int64_t by)
{
    atomic_fetch_add_explicit(&gauge->value, by, memory_order_relaxed);
}

/** Read a gauge. */
static inline int64_t meter_level(const struct meter_gauge *gauge)
{
    return atomic_load_explicit(&gauge->value, memory_order_relaxed);
}

#endif

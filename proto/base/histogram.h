/* Latencies in microseconds, kept so that percentiles can be asked for later:
 * log-linear buckets in fixed memory, 64 to every doubling.
 *
 * A percentile is the upper edge of its bucket: never less than the exact one,
 * and at most 1 part in 64 (1.6 %) more. Below 128 us it is exact. For the
 * bench tools and drills; what a node exports itself is in meter.h.
 *
 * Thread: the owner's.
 */
#ifndef PROTO_BASE_HISTOGRAM_H
#define PROTO_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_US_MAX = 100 * 1000 * 1000, /* More counts as "beyond". */
    HISTOGRAM_BUCKETS = 1376,             /* 0 to HISTOGRAM_US_MAX. */
    HISTOGRAM_PER_MILLION = 1000000,      /* What shares are parts of. */
};

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t n;       /* Values recorded. */
    uint64_t beyond;  /* Of these, values above HISTOGRAM_US_MAX. */
    uint64_t most_us; /* Exact, also beyond the last bucket. */
};

/** Start empty. */
void histogram_init(struct histogram *histogram);

/** Record one value. Those above HISTOGRAM_US_MAX share the last bucket. */
void histogram_record(struct histogram *histogram, uint64_t us);

/**
 * Find the value that a share of all values does not exceed.
 *
 * @per_million  The share: 500000 asks for the median, 999000 for p99.9,
 *               1000000 for the largest, which is exact.
 *
 * Returns 0 when nothing was recorded, and the largest value when the share
 * ends among values beyond HISTOGRAM_US_MAX.
 */
uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million);

#endif

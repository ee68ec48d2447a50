#include "proto/base/histogram.h"

#include <string.h>

#include "proto/base/check.h"

/* A value's bucket is its highest bit and the six bits below: values of up to
 * seven bits have a bucket each, and from there every doubling has 64. */
enum { SUB_BITS = 6, SUB = 1 << SUB_BITS, EXACT = 2 * SUB };

static unsigned bucket_of(uint64_t us)
{
    unsigned shift;

    if (us < EXACT) {
        return (unsigned)us;
    }
    shift = 63 - SUB_BITS - (unsigned)__builtin_clzll(us);
    return shift * SUB + (unsigned)(us >> shift);
}

/* The largest value that has this bucket. */
static uint64_t bucket_edge(unsigned bucket)
{
    unsigned shift;

    if (bucket < EXACT) {
        return bucket;
    }
    shift = bucket / SUB - 1;
    return ((uint64_t)(bucket - shift * SUB + 1) << shift) - 1;
}

void histogram_init(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
    CHECK(bucket_of(HISTOGRAM_US_MAX) == HISTOGRAM_BUCKETS - 1);
}

void histogram_record(struct histogram *histogram, uint64_t us)
{
    uint64_t placed_us = us;

    if (us > HISTOGRAM_US_MAX) {
        placed_us = HISTOGRAM_US_MAX;
        histogram->beyond++;
    }
    histogram->buckets[bucket_of(placed_us)]++;
    histogram->n++;
    if (us > histogram->most_us) {
        histogram->most_us = us;
    }
}

/* How many values a share of n is, rounded up and at least one; in whole
 * numbers, because 99.9 % of 1000 must be 999 and not, by rounding, 1000. */
static uint64_t rank_of(uint64_t n, uint32_t per_million)
{
    uint64_t rank = n / HISTOGRAM_PER_MILLION * per_million;
    uint64_t rest = n % HISTOGRAM_PER_MILLION * per_million;

    rank += (rest + HISTOGRAM_PER_MILLION - 1) / HISTOGRAM_PER_MILLION;
    return rank == 0 ? 1 : rank;
}

uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million)
{
    uint64_t rank = rank_of(histogram->n, per_million);
    uint64_t seen = 0;

    CHECK(per_million <= HISTOGRAM_PER_MILLION);

    if (rank > histogram->n - histogram->beyond) {
        return histogram->most_us; /* Also when n is 0. */
    }
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank) {
            uint64_t edge_us = bucket_edge(i);

            return edge_us < histogram->most_us ? edge_us : histogram->most_us;
        }
    }
    CHECK_UNREACHABLE();
}

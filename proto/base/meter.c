#include "proto/base/meter.h"

#include "proto/base/check.h"

const struct meter_scale meter_seconds = {
    .n = 19,
    .bounds = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
               250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000,
               100000000},
    .per_unit = 1000000,
};

const struct meter_scale meter_sizes = {
    .n = 13,
    .bounds = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576,
               4194304, 16777216},
    .per_unit = 1,
};

void meter_histogram_init(struct meter_histogram *histogram,
                          const struct meter_scale *scale)
{
    CHECK(scale->n > 0 && scale->n <= METER_BOUNDS_MAX);
    histogram->scale = scale;
    for (size_t i = 0; i <= METER_BOUNDS_MAX; i++) {
        atomic_init(&histogram->buckets[i], 0);
    }
    atomic_init(&histogram->sum, 0);
}

void meter_observe(struct meter_histogram *histogram, uint64_t value)
{
    const struct meter_scale *scale = histogram->scale;
    size_t i = 0;

    CHECK(scale != NULL);
    while (i < scale->n && value > scale->bounds[i]) {
        i++;
    }
    atomic_fetch_add_explicit(&histogram->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

void meter_histogram_read(const struct meter_histogram *histogram,
                          uint64_t upto_out[METER_BOUNDS_MAX + 1],
                          uint64_t *sum_out)
{
    uint64_t total = 0;

    CHECK(histogram->scale != NULL);
    *sum_out = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
    for (size_t i = 0; i <= histogram->scale->n; i++) {
        total +=
            atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        upto_out[i] = total;
    }
}

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/histogram.h"

enum { VALUES = 100000 };

struct scene {
    struct histogram histogram;
    uint64_t values[VALUES]; /* What was recorded. */
    size_t n;
    uint64_t random;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    histogram_init(&scene->histogram);
    scene->random = 0x9e3779b97f4a7c15;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* xorshift64: the same values in every run. */
static uint64_t draw(struct scene *scene)
{
    scene->random ^= scene->random << 13;
    scene->random ^= scene->random >> 7;
    scene->random ^= scene->random << 17;
    return scene->random;
}

static void record(struct scene *scene, uint64_t us)
{
    histogram_record(&scene->histogram, us);
    scene->values[scene->n] = us;
    scene->n++;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The exact percentile, by sorting: the rank is the share of n, rounded up. */
static uint64_t exact_at(const struct scene *scene, uint64_t per_million)
{
    uint64_t rank = (scene->n * per_million + HISTOGRAM_PER_MILLION - 1) /
                    HISTOGRAM_PER_MILLION;

    return scene->values[rank == 0 ? 0 : rank - 1];
}

/* Never less than the exact percentile, never over 2 % more. */
static void assert_percentiles(struct scene *scene)
{
    static const uint32_t shares[] = {1,      1000,   10000,  100000,  250000,
                                      500000, 750000, 900000, 990000,  999000,
                                      999900, 999990, 999999, 1000000, 0};

    qsort(scene->values, scene->n, sizeof(uint64_t), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t exact = exact_at(scene, shares[i]);
        uint64_t got = histogram_at(&scene->histogram, shares[i]);

        if (got < exact || got > exact + exact / 50) {
            fail_msg("share %u: %llu is not near %llu", shares[i],
                     (unsigned long long)got, (unsigned long long)exact);
        }
    }
}

/* Every size of latency is met with the same relative error: values drawn so
 * that each doubling from 1 us to 100 s is as likely. */
static void test_histogram_at__is_near_on_all_scales(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < VALUES; i++) {
        uint64_t us = draw(scene) >> (37 + draw(scene) % 27);

        record(scene, us % HISTOGRAM_US_MAX + 1);
    }
    assert_percentiles(scene);
}

/* What a real run looks like: most within a millisecond, a thin tail of
 * stalls, and percentiles that must find the tail. */
static void test_histogram_at__finds_a_thin_tail(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < VALUES; i++) {
        bool stalled = i % 500 == 0;

        record(scene, stalled ? 900000 + draw(scene) % 5000000
                              : 200 + draw(scene) % 800);
    }
    assert_percentiles(scene);
    assert_true(histogram_at(&scene->histogram, 990000) < 1020);
    assert_true(histogram_at(&scene->histogram, 999000) > 900000);
    assert_int_equal(scene->histogram.most_us, scene->values[scene->n - 1]);
}

/* Small samples have percentiles too, and below 128 us they are exact. */
static void test_histogram_at__is_exact_below_128_us(void **state)
{
    struct scene *scene = *state;

    for (uint64_t us = 1; us <= 100; us++) {
        record(scene, us);
    }
    assert_int_equal(histogram_at(&scene->histogram, 0), 1);
    assert_int_equal(histogram_at(&scene->histogram, 500000), 50);
    assert_int_equal(histogram_at(&scene->histogram, 990000), 99);
    assert_int_equal(histogram_at(&scene->histogram, 990001), 100);
    assert_int_equal(histogram_at(&scene->histogram, 1000000), 100);
}

/* Nothing recorded is no latency, not a made-up one. */
static void test_histogram_at__is_zero_when_empty(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(histogram_at(&scene->histogram, 500000), 0);
    assert_int_equal(histogram_at(&scene->histogram, 1000000), 0);
}

/* Values past the range are counted, their largest is kept exactly, and they
 * do not spoil the percentiles below them. */
static void test_histogram_record__counts_what_is_beyond(void **state)
{
    struct scene *scene = *state;
    uint64_t p99_us;

    for (int i = 0; i < 98; i++) {
        record(scene, 100);
    }
    record(scene, HISTOGRAM_US_MAX);
    record(scene, 7ull * HISTOGRAM_US_MAX);
    p99_us = histogram_at(&scene->histogram, 990000);
    assert_int_equal(scene->histogram.n, 100);
    assert_int_equal(scene->histogram.beyond, 1);
    assert_int_equal(histogram_at(&scene->histogram, 900000), 100);
    assert_int_equal(scene->histogram.most_us, 7ull * HISTOGRAM_US_MAX);
    assert_int_equal(histogram_at(&scene->histogram, 1000000),
                     7ull * HISTOGRAM_US_MAX);
    assert_true(p99_us >= HISTOGRAM_US_MAX);
    assert_true(p99_us <= HISTOGRAM_US_MAX / 50 + HISTOGRAM_US_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_histogram_at__is_near_on_all_scales, set_up, tear_down),
        RUN_IN(test_histogram_at__finds_a_thin_tail, set_up, tear_down),
        RUN_IN(test_histogram_at__is_exact_below_128_us, set_up, tear_down),
        RUN_IN(test_histogram_at__is_zero_when_empty, set_up, tear_down),
        RUN_IN(test_histogram_record__counts_what_is_beyond, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

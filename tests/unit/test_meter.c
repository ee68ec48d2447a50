#include "tests/unit/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "proto/base/board.h"
#include "proto/base/meter.h"

enum { THREADS = 4, ROUNDS = 20000, WORDS = 256 };

struct meters {
    struct meter_counter counter;
    struct meter_gauge gauge;
    struct meter_histogram histogram;
    struct board *board;
};

/* Posted whole: all words are always the same. */
struct status {
    uint64_t words[WORDS];
};

static int set_up(void **state)
{
    struct meters *meters = calloc(1, sizeof(*meters));

    meter_histogram_init(&meters->histogram, &meter_seconds);
    meters->board = board_new(sizeof(struct status));
    *state = meters;
    return meters->board == NULL;
}

static int tear_down(void **state)
{
    struct meters *meters = *state;

    board_free(meters->board);
    free(meters);
    return 0;
}

static void post(struct meters *meters, uint64_t word)
{
    struct status status;

    for (int i = 0; i < WORDS; i++) {
        status.words[i] = word;
    }
    board_post(meters->board, &status);
}

static void *update(void *context)
{
    struct meters *meters = context;

    for (uint64_t i = 0; i < ROUNDS; i++) {
        meter_add(&meters->counter, 2);
        meter_move(&meters->gauge, i % 2 == 0 ? 3 : -3);
        meter_observe(&meters->histogram, i % 2 == 0 ? 40 : 4000);
    }
    return NULL;
}

/* What several threads count is all counted. */
static void test_meters__lose_nothing_between_threads(void **state)
{
    struct meters *meters = *state;
    uint64_t upto[METER_BOUNDS_MAX + 1], sum;
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, update, meters);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(meter_count(&meters->counter), 2 * THREADS * ROUNDS);
    assert_int_equal(meter_level(&meters->gauge), 0);
    meter_histogram_read(&meters->histogram, upto, &sum);
    assert_int_equal(sum, (uint64_t)THREADS * ROUNDS * 2020);
    assert_int_equal(upto[0], THREADS * ROUNDS / 2);
    assert_int_equal(upto[meter_seconds.n], THREADS * ROUNDS);
}

static void *post_until_stopped(void *context)
{
    struct meters *meters = context;

    for (uint64_t i = 1; meter_level(&meters->gauge) == 0; i++) {
        post(meters, i);
    }
    return NULL;
}

/* What is posted is read whole, and never older than what was read before. */
static void test_board_read__sees_whole_posts(void **state)
{
    struct meters *meters = *state;
    struct status status;
    uint64_t before = 0;
    pthread_t thread;

    pthread_create(&thread, NULL, post_until_stopped, meters);
    for (int reads = 0; reads < 3 * ROUNDS;) {
        reads += board_read(meters->board, &status);
        assert_true(status.words[0] >= before);
        before = status.words[0];
        for (int j = 1; j < WORDS; j++) {
            assert_int_equal(status.words[j], before);
        }
    }
    meter_set(&meters->gauge, 1);
    pthread_join(thread, NULL);
}

/* A bound belongs to its own bucket (Prometheus: less or equal), and what is
 * above the last bound is counted in all only. */
static void test_meter_observe__puts_bounds_into_their_bucket(void **state)
{
    struct meters *meters = *state;
    uint64_t upto[METER_BOUNDS_MAX + 1], sum;

    meter_observe(&meters->histogram, 50);
    meter_observe(&meters->histogram, 51);
    meter_observe(&meters->histogram, 100);
    meter_observe(&meters->histogram, 100000000);
    meter_observe(&meters->histogram, 100000001);
    meter_histogram_read(&meters->histogram, upto, &sum);
    assert_int_equal(upto[0], 1);
    assert_int_equal(upto[1], 3);
    assert_int_equal(upto[17], 3);
    assert_int_equal(upto[18], 4);
    assert_int_equal(upto[19], 5);
    assert_int_equal(sum, 50 + 51 + 100 + 100000000 + 100000001);
}

/* The bounds of a scale ascend; otherwise buckets would overlap. */
static void test_meter_scales__ascend(void **state)
{
    const struct meter_scale *scales[] = {&meter_seconds, &meter_sizes};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(scales[i]->n, 1, METER_BOUNDS_MAX);
        for (size_t j = 1; j < scales[i]->n; j++) {
            assert_true(scales[i]->bounds[j] > scales[i]->bounds[j - 1]);
        }
    }
}

/* Before anything is posted a reader is told so and sees zeroes. */
static void test_board_read__tells_when_nothing_was_posted(void **state)
{
    struct meters *meters = *state;
    struct status status = {{1, 2}};

    assert_false(board_read(meters->board, &status));
    assert_int_equal(status.words[1], 0);
    post(meters, 7);
    post(meters, 8);
    assert_true(board_read(meters->board, &status));
    assert_int_equal(status.words[1], 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_meters__lose_nothing_between_threads, set_up, tear_down),
        RUN_IN(test_board_read__sees_whole_posts, set_up, tear_down),
        RUN_IN(test_meter_observe__puts_bounds_into_their_bucket, set_up,
               tear_down),
        RUN(test_meter_scales__ascend),
        RUN_IN(test_board_read__tells_when_nothing_was_posted, set_up,
               tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

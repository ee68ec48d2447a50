#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/bench/clock.h"
#include "ops/bench/process.h"
#include "ops/bench/pump.h"
#include "ops/bench/tracker.h"

enum { BEGUN_MAX = 4096 };

struct scene {
    struct pump pump;
    struct figures figures;
    bool busy; /* Nobody can begin. */
    size_t n;
    uint64_t due_ns[BEGUN_MAX];
};

static enum error begin(void *context, uint64_t due_ns)
{
    struct scene *scene = context;

    if (scene->busy) {
        return ERROR_BUSY;
    }
    assert_true(scene->n < BEGUN_MAX);
    scene->due_ns[scene->n] = due_ns;
    scene->n++;
    return ERROR_NONE;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->pump = (struct pump){
        .begin = begin, .context = scene, .figures = &scene->figures};
    assert_int_equal(figures_begin(&scene->figures, NULL, 0), ERROR_NONE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* A closed pump keeps its window full and never overfills it. */
static void test_pump_fill__closed(void **state)
{
    struct scene *scene = *state;

    scene->pump.window = 8;
    pump_fill(&scene->pump, 1);
    pump_fill(&scene->pump, 2);
    assert_int_equal(scene->n, 8);
    pump_finish(&scene->pump, 1, 200);
    pump_finish(&scene->pump, 1, 503);
    pump_finish(&scene->pump, 1, 0);
    pump_fill(&scene->pump, 3);
    assert_int_equal(scene->n, 11);
    assert_int_equal(scene->pump.outstanding, 8);
    assert_int_equal(scene->figures.operations, 1);
    assert_int_equal(scene->figures.refused, 1);
    assert_int_equal(scene->figures.failed, 1);
    assert_int_equal(scene->figures.latency.n, 1);
}

/* An open pump begins what has become due meanwhile, each with the moment it
 * was due and not with the present one, whatever is still under way. */
static void test_pump_fill__open_keeps_due_times(void **state)
{
    struct scene *scene = *state;

    scene->pump.rate = 1000;
    pump_fill(&scene->pump, NS_PER_S);
    assert_int_equal(scene->n, 1);
    pump_fill(&scene->pump, NS_PER_S + 5 * NS_PER_MS);
    assert_int_equal(scene->n, 6);
    for (size_t i = 0; i < scene->n; i++) {
        assert_int_equal(scene->due_ns[i], NS_PER_S + i * NS_PER_MS);
    }
}

/* What nobody could begin is counted and not begun later. */
static void test_pump_fill__open_withholds(void **state)
{
    struct scene *scene = *state;

    scene->pump.rate = 1000;
    scene->busy = true;
    pump_fill(&scene->pump, NS_PER_S);
    pump_fill(&scene->pump, NS_PER_S + 3 * NS_PER_MS);
    scene->busy = false;
    pump_fill(&scene->pump, NS_PER_S + 4 * NS_PER_MS);
    assert_int_equal(scene->pump.withheld, 4);
    assert_int_equal(scene->n, 1);
    assert_int_equal(scene->pump.outstanding, 1);
}

/* Latency is from the due moment: here, a second ago. */
static void test_pump_finish__latency_from_due(void **state)
{
    struct scene *scene = *state;
    uint64_t p50_us;

    pump_finish(&scene->pump, clock_ns() - NS_PER_S, 200);
    p50_us = histogram_at(&scene->figures.latency, 500000);
    assert_true(p50_us >= 1000000 && p50_us < 1200000);
}

/* What succeeds after the measured time is no operation of it; what fails is
 * told all the same. */
static void test_pump_finish__draining(void **state)
{
    struct scene *scene = *state;

    scene->pump.draining = true;
    pump_finish(&scene->pump, clock_ns(), 200);
    pump_finish(&scene->pump, clock_ns(), 503);
    assert_int_equal(scene->figures.operations, 0);
    assert_int_equal(scene->figures.latency.n, 0);
    assert_int_equal(scene->figures.refused, 1);
}

/* Deliveries are told apart by server, and only while they are counted. */
static void test_tracker__servers(void **state)
{
    struct tracker tracker;
    uint32_t serial;

    (void)state;
    assert_int_equal(tracker_init(&tracker), ERROR_NONE);
    serial = tracker_post(&tracker, 1, clock_ns());
    tracker_delivered(&tracker, serial, 1);
    tracker_delivered(&tracker, serial, 2);
    tracker_delivered(&tracker, serial, 0);
    tracker_delivered(&tracker, serial + 1, 0); /* Never sent. */
    assert_int_equal(tracker.same.n, 1);
    assert_int_equal(tracker.other.n, 2);
    assert_int_equal(tracker.deliveries, 3);
    tracker_count(&tracker, false);
    tracker_delivered(&tracker, serial, 1);
    assert_int_equal(tracker.deliveries, 3);
    tracker_count(&tracker, true);
    assert_int_equal(tracker.deliveries, 0);
    assert_int_equal(tracker.other.n, 0);
    tracker_deinit(&tracker);
}

/* A post too old to be followed is not mistaken for the one in its place. */
static void test_tracker__forgets_old(void **state)
{
    struct tracker tracker;
    uint32_t first;

    (void)state;
    assert_int_equal(tracker_init(&tracker), ERROR_NONE);
    first = tracker_post(&tracker, 0, clock_ns());
    for (uint32_t i = 0; i < TRACKER_POSTS; i++) {
        tracker_post(&tracker, 0, clock_ns());
    }
    tracker_delivered(&tracker, first, 0);
    assert_int_equal(tracker.deliveries, 0);
    tracker_delivered(&tracker, first + TRACKER_POSTS, 0);
    assert_int_equal(tracker.deliveries, 1);
    tracker_deinit(&tracker);
}

/* /proc agrees with the process's own clock about time spent. */
static void test_process_read__own_cpu(void **state)
{
    struct process_usage before, after;
    uint64_t own_ns = clock_own_cpu_ns(), used_ns;

    (void)state;
    assert_int_equal(process_read(getpid(), &before), ERROR_NONE);
    while (clock_own_cpu_ns() < own_ns + 200 * NS_PER_MS) {
    }
    assert_int_equal(process_read(getpid(), &after), ERROR_NONE);
    used_ns = process_since(&after, &before).cpu_ns;
    assert_true(used_ns > 150 * NS_PER_MS && used_ns < 400 * NS_PER_MS);
    assert_true(after.rss_bytes > 100 * 1024);
    assert_true(after.peak_rss_bytes >= after.rss_bytes);
}

static void test_process_read__no_such_process(void **state)
{
    struct process_usage usage;
    pid_t pids[2] = {getpid(), 4194305}; /* Beyond the kernel's limit. */

    (void)state;
    assert_int_equal(process_read(pids[1], &usage), ERROR_NOT_FOUND);
    assert_int_equal(process_read_all(pids, 2, &usage), ERROR_NOT_FOUND);
    assert_int_equal(process_read_all(pids, 1, &usage), ERROR_NONE);
    assert_int_equal(process_read_all(NULL, 0, &usage), ERROR_NONE);
    assert_int_equal(usage.rss_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_pump_fill__closed, set_up, tear_down),
        RUN_IN(test_pump_fill__open_keeps_due_times, set_up, tear_down),
        RUN_IN(test_pump_fill__open_withholds, set_up, tear_down),
        RUN_IN(test_pump_finish__latency_from_due, set_up, tear_down),
        RUN_IN(test_pump_finish__draining, set_up, tear_down),
        RUN(test_tracker__servers),
        RUN(test_tracker__forgets_old),
        RUN(test_process_read__own_cpu),
        RUN(test_process_read__no_such_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

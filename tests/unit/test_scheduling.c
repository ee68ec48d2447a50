/* proto/base/os/scheduling.h */
#include <pthread.h>
#include <sched.h>

#include "proto/base/os/scheduling.h"
#include "tests/unit/test.h"

static void *ask(void *policy_out)
{
    *(int *)policy_out = sched_getscheduler(0);
    return NULL;
}

static void *gather(void *policies_out)
{
    int *policies = policies_out;
    pthread_t thread;

    scheduling_gather();
    policies[0] = sched_getscheduler(0);
    assert_int_equal(pthread_create(&thread, NULL, ask, &policies[1]), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return NULL;
}

/* The thread that asks for it, and those it starts, wait for their turn. */
static void test_scheduling_gather__holds_for_threads_begun_later(void **state)
{
    const int before = sched_getscheduler(0);
    int policies[2] = {-1, -1};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, gather, policies), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(policies[0], SCHED_BATCH);
    assert_int_equal(policies[1], SCHED_BATCH);
    assert_int_equal(sched_getscheduler(0), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_scheduling_gather__holds_for_threads_begun_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

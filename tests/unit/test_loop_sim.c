#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/worker.h"
#include "tests/sim/loop_sim.h"

enum { MS = 1000, JOB_US_MAX = 500 };

struct scene {
    struct schedule *schedule;
    struct loop *loop;
    char said[64]; /* What happened, a letter each. */
    struct timer *timer;
    int turns;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct loop_sim_traits traits = {
        .id = 7, .seed = 1, .wall_offset_us = 5, .job_us_max = JOB_US_MAX};

    scene->schedule = schedule_new();
    scene->loop = loop_sim_new(scene->schedule, &traits);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    schedule_free(scene->schedule);
    loop_sim_free(scene->loop);
    free(scene);
    return 0;
}

static void say(struct scene *scene, char letter)
{
    scene->said[strlen(scene->said)] = letter;
}

static void say_a(void *context)
{
    say(context, 'a');
}

static void say_b(void *context)
{
    say(context, 'b');
}

static void say_and_free(void *context)
{
    struct scene *scene = context;

    say(scene, 'f');
    timer_free(scene->timer);
}

static void pass(struct scene *scene, uint64_t ms)
{
    schedule_run_until(scene->schedule,
                       schedule_now_us(scene->schedule) + ms * MS);
}

/* Timers fire in the order of their times, again when they repeat, and not when
 * they were stopped. */
static void test_timer__fires_in_time(void **state)
{
    struct scene *scene = *state;
    struct timer *a = timer_new(scene->loop, say_a, scene);
    struct timer *b = timer_new(scene->loop, say_b, scene);
    uint64_t before_us = loop_now_us(scene->loop);

    timer_start(b, 20, 0);
    timer_start(a, 10, 15);
    pass(scene, 39);
    assert_string_equal(scene->said, "aba");
    timer_stop(a);
    pass(scene, 100);
    assert_string_equal(scene->said, "aba");
    assert_int_equal(loop_now_us(scene->loop) - before_us, 139 * MS);
    assert_int_equal(loop_wall_us(scene->loop),
                     (int64_t)schedule_now_us(scene->schedule) + 5);
    timer_free(a);
    timer_free(b);
}

/* A timer may be freed in its own function, as in the real loop. */
static void test_timer__may_free_itself(void **state)
{
    struct scene *scene = *state;

    scene->timer = timer_new(scene->loop, say_and_free, scene);
    timer_start(scene->timer, 1, 1);
    pass(scene, 10);
    assert_string_equal(scene->said, "f");
}

/* On a paused loop nothing runs; then all that was due does, in order. */
static void test_pause__keeps_what_is_due(void **state)
{
    struct scene *scene = *state;
    struct timer *a = timer_new(scene->loop, say_a, scene);
    struct timer *b = timer_new(scene->loop, say_b, scene);

    timer_start(b, 10, 0);
    timer_start(a, 11, 0);
    loop_sim_pause(scene->loop, 50 * MS);
    pass(scene, 49);
    assert_string_equal(scene->said, "");
    pass(scene, 1);
    assert_string_equal(scene->said, "ba");
    timer_free(a);
    timer_free(b);
}

static void count_turn(void *context)
{
    struct scene *scene = context;

    scene->turns++;
}

/* The turn function runs once after each thing that happened on the loop. */
static void test_turn__follows_each_event(void **state)
{
    struct scene *scene = *state;
    struct waker *waker = waker_new(scene->loop, say_a, scene);

    loop_on_turn(scene->loop, count_turn, scene);
    waker_wake(waker);
    waker_wake(waker); /* Two wakes may be one run. */
    pass(scene, 1);
    assert_string_equal(scene->said, "a");
    assert_int_equal(scene->turns, 1);
    waker_wake(waker);
    pass(scene, 1);
    assert_int_equal(scene->turns, 2);
    loop_on_turn(scene->loop, NULL, scene);
    waker_wake(waker);
    pass(scene, 1);
    assert_int_equal(scene->turns, 2);
    waker_free(waker);
}

struct letter_job {
    struct job job;
    struct scene *scene;
    char letter;
};

static void run_job(struct job *job)
{
    struct letter_job *letter = (struct letter_job *)job;

    say(letter->scene, letter->letter);
}

static void end_job(struct job *job)
{
    struct letter_job *letter = (struct letter_job *)job;

    say(letter->scene, (char)(letter->letter - 'a' + 'A'));
}

/* Jobs run one after the other, and each is told before the next begins. */
static void test_worker__keeps_order(void **state)
{
    struct scene *scene = *state;
    struct worker *worker = worker_new(scene->loop, "test");
    struct letter_job jobs[3];

    for (int i = 0; i < 3; i++) {
        jobs[i] = (struct letter_job){
            {.run = run_job, .done = end_job}, scene, (char)('a' + i)};
        worker_submit(worker, &jobs[i].job);
    }
    assert_string_equal(scene->said, "");
    assert_int_equal(worker_pending(worker), 3);
    pass(scene, 10);
    assert_string_equal(scene->said, "aAbBcC");
    worker_free(worker);
}

/* An orderly end finishes the jobs; a kill does not, and leaves a job that had
 * run without anybody being told. */
static void test_worker__ends(void **state)
{
    struct scene *scene = *state;
    struct worker *orderly = worker_new(scene->loop, "test");
    struct worker *killed = worker_new(scene->loop, "test");
    struct letter_job first = {{.run = run_job, .done = end_job}, scene, 'a'};
    struct letter_job second = {{.run = run_job, .done = end_job}, scene, 'b'};

    worker_submit(orderly, &first.job);
    worker_free(orderly);
    assert_string_equal(scene->said, "aA");
    worker_submit(killed, &second.job);
    while (strlen(scene->said) < 3) {
        schedule_run_until(scene->schedule,
                           schedule_now_us(scene->schedule) + 1);
    }
    loop_sim_kill(scene->loop);
    pass(scene, 10);
    worker_free(killed);
    assert_string_equal(scene->said, "aAb");
}

/* A killed loop does nothing any more, and what pointed to it can be freed. */
static void test_kill__ends_all(void **state)
{
    struct scene *scene = *state;
    struct timer *timer = timer_new(scene->loop, say_a, scene);
    struct waker *waker = waker_new(scene->loop, say_b, scene);

    timer_start(timer, 1, 1);
    waker_wake(waker);
    loop_sim_kill(scene->loop);
    timer_free(timer);
    waker_free(waker);
    pass(scene, 10);
    assert_string_equal(scene->said, "");
}

/* What the loop calls random is the seed's. */
static void test_random__is_the_seeds(void **state)
{
    struct scene *scene = *state;
    struct loop_sim_traits same = {.id = 7, .seed = 1};
    struct loop_sim_traits other = {.id = 7, .seed = 2};
    struct loop *twin = loop_sim_new(scene->schedule, &same);
    struct loop *stranger = loop_sim_new(scene->schedule, &other);
    uint8_t first[20], second[20], third[20];

    loop_random(scene->loop, first, sizeof(first));
    loop_random(twin, second, sizeof(second));
    loop_random(stranger, third, sizeof(third));
    assert_memory_equal(first, second, sizeof(first));
    assert_memory_not_equal(first, third, sizeof(first));
    loop_sim_free(twin);
    loop_sim_free(stranger);
}

#define CASE(function) RUN_IN(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_timer__fires_in_time),
        CASE(test_timer__may_free_itself),
        CASE(test_pause__keeps_what_is_due),
        CASE(test_turn__follows_each_event),
        CASE(test_worker__keeps_order),
        CASE(test_worker__ends),
        CASE(test_kill__ends_all),
        CASE(test_random__is_the_seeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

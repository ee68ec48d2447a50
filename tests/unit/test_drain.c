#include "tests/unit/test.h"

#include <stdlib.h>

#include "node/drain.h"
#include "proto/base/os/loop_uv.h"

struct scene {
    struct loop *loop;
    struct timer *watch;
    uint64_t left; /* Who has not gone yet; one goes each time it is asked
                      for, unless they stay. */
    bool stay;
    int again; /* Times to begin once more, when moving. */
    struct drain *drain;
    uint64_t began_us, noticed_us, moved_us, done_us;
};

static void on_notice(void *context)
{
    struct scene *scene = context;

    assert_int_equal(scene->noticed_us, 0);
    scene->noticed_us = loop_now_us(scene->loop);
}

static void on_move(void *context)
{
    struct scene *scene = context;

    assert_int_equal(scene->moved_us, 0);
    scene->moved_us = loop_now_us(scene->loop);
}

static uint64_t on_left(void *context)
{
    struct scene *scene = context;
    uint64_t left = scene->left;

    if (scene->again > 0) {
        scene->again--;
        drain_begin(scene->drain);
    }
    scene->left -= left > 0 && !scene->stay;
    return left;
}

static void on_done(void *context)
{
    struct scene *scene = context;

    assert_int_equal(scene->done_us, 0);
    scene->done_us = loop_now_us(scene->loop);
    loop_stop(scene->loop);
}

static void run(struct scene *scene, uint64_t notice_ms, uint64_t spread_ms)
{
    const struct drain_settings settings = {notice_ms, spread_ms};
    const struct drain_events events = {scene, on_notice, on_move, on_left,
                                        on_done};

    scene->loop = loop_new();
    scene->drain = drain_new(scene->loop, &settings, &events);
    assert_non_null(scene->drain);
    scene->began_us = loop_now_us(scene->loop);
    drain_begin(scene->drain);
    loop_run(scene->loop);
    drain_begin(scene->drain); /* Too late: nothing is told twice. */
    drain_free(scene->drain);
    loop_free(scene->loop);
}

/* Load balancers get their time before anybody is sent away, and the node ends
 * when the last has gone. */
static void test_drain__moves_after_notice_and_ends_when_empty(void **state)
{
    struct scene scene = {.left = 3};

    (void)state;
    run(&scene, 50, 10 * 1000);
    assert_true(scene.moved_us - scene.began_us >= 50 * 1000);
    assert_int_equal(scene.left, 0);
    assert_true(scene.done_us - scene.moved_us < 2000 * 1000);
}

/* Who does not go holds nothing up for ever. */
static void test_drain__ends_with_those_who_stay(void **state)
{
    struct scene scene = {.left = 1, .stay = true};

    (void)state;
    run(&scene, 0, 0);
    assert_true(scene.done_us - scene.moved_us >= DRAIN_MORE_MS * 1000);
    assert_int_equal(scene.left, 1);
}

/* An impatient operator asks twice. */
static void test_drain_begin__twice_ends_at_once(void **state)
{
    struct scene scene = {.left = 1, .stay = true, .again = 1};

    (void)state;
    run(&scene, 0, 60 * 1000);
    assert_true(scene.done_us - scene.moved_us < 5 * 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_drain__moves_after_notice_and_ends_when_empty),
        RUN(test_drain__ends_with_those_who_stay),
        RUN(test_drain_begin__twice_ends_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

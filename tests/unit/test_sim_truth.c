#include "tests/unit/test.h"

#include <string.h>

#include "tests/sim/truth.h"

struct scene {
    struct truth *truth;
    uint64_t first, second; /* Two commands. */
    struct state node[2];
};

static struct scene scene;

static int set_up(void **state)
{
    memset(&scene, 0, sizeof(scene));
    scene.truth = truth_new();
    scene.first = truth_new_command(scene.truth);
    scene.second = truth_new_command(scene.truth);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    truth_free(scene.truth);
    return 0;
}

static void apply(unsigned node, uint64_t index, uint64_t command)
{
    truth_apply(scene.truth, node, index, command, &scene.node[node]);
}

static void assert_violation(const char *kind)
{
    assert_non_null(truth_violation(scene.truth)->kind);
    assert_string_equal(truth_violation(scene.truth)->kind, kind);
}

/* Nodes that apply the same at the same places agree, also when one begins with
 * a copied state and one applies again what it had flushed. */
static void test_truth__equal_histories_agree(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    apply(0, 5, scene.second); /* 3 and 4 hold no commands. */
    scene.node[1] = scene.node[0];
    truth_restore(scene.truth, 1, &scene.node[1]);
    apply(1, 5, scene.second);
    truth_acknowledge(scene.truth, scene.second, 5);
    truth_read(scene.truth, 1, 5, &scene.node[1]);
    truth_leader(scene.truth, 0, 3);
    truth_leader(scene.truth, 1, 4);
    truth_check_end(scene.truth, 0, &scene.node[0]);
    assert_null(truth_violation(scene.truth)->kind);
    assert_int_equal(truth_acknowledged(scene.truth), 1);
    assert_int_equal(truth_acknowledged_index(scene.truth), 5);
}

static void test_truth__sees_another_command(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    apply(1, 2, scene.second);
    assert_violation("diverged");
}

/* A command where another node had none shows at the latest with the next. */
static void test_truth__sees_a_skipped_command(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    apply(0, 3, scene.second);
    apply(1, 3, scene.second);
    assert_violation("diverged");
}

static void test_truth__sees_a_command_twice(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    apply(0, 3, scene.first);
    assert_violation("twice");
}

static void test_truth__sees_a_lost_acknowledgement(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    truth_acknowledge(scene.truth, scene.second, 2);
    assert_violation("lost");
}

static void test_truth__sees_a_stale_read(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    truth_read(scene.truth, 1, 2, &scene.node[1]);
    assert_violation("stale");
}

static void test_truth__sees_two_leaders(void **state)
{
    (void)state;
    truth_leader(scene.truth, 0, 3);
    truth_leader(scene.truth, 1, 3);
    assert_violation("two_leaders");
}

static void test_truth__sees_who_stayed_behind(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    truth_acknowledge(scene.truth, scene.first, 2);
    truth_check_end(scene.truth, 1, &scene.node[1]);
    assert_violation("behind");
}

static void test_truth__sees_another_state(void **state)
{
    (void)state;
    apply(0, 2, scene.first);
    scene.node[1] = (struct state){2, 12345};
    truth_restore(scene.truth, 1, &scene.node[1]);
    assert_violation("diverged");
}

#define CASE(function) RUN_IN(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_truth__equal_histories_agree),
        CASE(test_truth__sees_another_command),
        CASE(test_truth__sees_a_skipped_command),
        CASE(test_truth__sees_a_command_twice),
        CASE(test_truth__sees_a_lost_acknowledgement),
        CASE(test_truth__sees_a_stale_read),
        CASE(test_truth__sees_two_leaders),
        CASE(test_truth__sees_who_stayed_behind),
        CASE(test_truth__sees_another_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

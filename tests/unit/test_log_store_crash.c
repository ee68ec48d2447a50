#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/log_scene.h"
#include "tests/unit/quiet.h"

/* Small segments, so that a short script turns over and drops several. */
enum {
    SEGMENT_BYTES = 16 * 1024,
    SEEDS = 40, /* Of loss and tear, at every step of the script. */
    SCRIPT_CALLS = 60,
    MODEL_SEEDS = 3000,
    MODEL_CRASHES = 5,
    MODEL_CALLS = 40,
};

static uint64_t env_or(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* A bit of everything, in turnovers, drops, marks, cuts and votes. Returns
 * early when the disk has stopped. */
static void run_script(struct scene *scene)
{
    for (int i = 0; i < SCRIPT_CALLS && !disk_stopped(scene->disk); i++) {
        uint64_t next = scene->next_index;

        if (i % 10 == 3) {
            (void)scene_vote(scene, scene->model.term + 1, 2);
        } else if (i % 15 == 7 && next > scene->first_index + 3 &&
                   next - 3 > scene->snapshot_index) {
            scene_truncate(scene, next - 3);
        } else if (i % 20 == 13 && next > scene->snapshot_index + 5) {
            scene_snapshot(scene, next - 4, 6, 100);
        } else if (i == 41) {
            scene_snapshot(scene, next + 20, 0, 300);
        } else if (i == 50) {
            (void)scene_cut(scene, next - 1);
        } else if (i % 6 == 5) {
            fake_loop_pass(scene->loop, 15000);
        } else {
            scene_append(scene, 1 + i % 4, 288 + (size_t)(i * 104) % 2000);
        }
        fake_loop_settle(scene->loop);
    }
}

/* Open after a crash; each attempt may crash as well, at a step drawn by
 * chance, and in the end it opens: a crash alone never makes it refuse. */
static void open_after_crash(struct scene *scene, unsigned crashes)
{
    enum error error;

    for (; crashes > 0; crashes--) {
        disk_knobs(scene->disk)->stop_at_step =
            disk_steps(scene->disk) + 1 + scene_draw(scene, 8);
        if (scene_open(scene) == ERROR_NONE) {
            scene_crash(scene);
        } else {
            disk_crash(scene->disk);
        }
    }
    error = scene_open(scene);
    assert_int_equal(error, ERROR_NONE);
}

static uint64_t steps_of_script(uint64_t seed)
{
    struct scene *scene = scene_new(seed, SEGMENT_BYTES);
    uint64_t steps;

    run_script(scene);
    scene_close(scene);
    steps = disk_steps(scene->disk);
    assert_int_equal(scene->failed, 0);
    scene_free(scene);
    return steps;
}

/* Returns the torn bytes that recovery has found. */
static uint64_t crash_at(uint64_t seed, uint64_t step)
{
    struct scene *scene = scene_new(seed, SEGMENT_BYTES);
    uint64_t torn_bytes;

    scene->random += step * 1000003; /* Another tear at each step. */
    disk_knobs(scene->disk)->stop_at_step = step;
    run_script(scene);
    scene_crash(scene);
    open_after_crash(scene, (unsigned)scene_draw(scene, 3));
    /* And it goes on. */
    scene_append(scene, 3, 500);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->failed, 0);
    scene_close(scene);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    torn_bytes = scene->torn_bytes;
    scene_free(scene);
    return torn_bytes;
}

/* Whatever step of the disk a crash cuts short, and whatever part of it is
 * kept: all that was acknowledged is there, in order, nothing is invented (the
 * scene's model knows), and the store goes on. */
static void test_log_store__survives_crash_at_every_step(void **state)
{
    uint64_t seeds = env_or("LOG_STORE_SEEDS", SEEDS);
    uint64_t crashes = 0, torn = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        uint64_t steps = steps_of_script(seed);

        for (uint64_t step = 7; step <= steps; step++) {
            crashes++;
            torn += crash_at(seed, step) > 0;
        }
    }
    print_message("%zu crashes, %zu torn tails\n", (size_t)crashes,
                  (size_t)torn);
    assert_true(torn > crashes / 20); /* Else the test tests too little. */
}

/* Random calls, random crashes between and within steps, random faults of
 * opening; the naive twin always knows what was found. */
static void random_life(uint64_t seed)
{
    struct scene *scene = scene_new(
        seed, SEGMENT_BYTES << scene_draw(&(struct scene){.random = seed}, 3));

    for (int crash = 0; crash < MODEL_CRASHES; crash++) {
        uint64_t calls = 1 + scene_draw(scene, MODEL_CALLS);

        if (scene_draw(scene, 2) == 0) {
            disk_knobs(scene->disk)->stop_at_step =
                disk_steps(scene->disk) + 1 + scene_draw(scene, 60);
        }
        for (; calls > 0 && !disk_stopped(scene->disk); calls--) {
            scene_act(scene);
        }
        if (scene_draw(scene, 4) == 0) {
            scene_close(scene);
            disk_crash(scene->disk);
        } else {
            scene_crash(scene);
        }
        open_after_crash(scene, scene_draw(scene, 4) == 0);
    }
    scene_free(scene);
}

static void test_log_store__equals_model(void **state)
{
    uint64_t first = env_or("LOG_STORE_SEED", 1);
    uint64_t seeds = env_or("LOG_STORE_MODEL_SEEDS", MODEL_SEEDS);

    (void)state;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        random_life(seed);
    }
}

/* A disk that fails a write, with a part of it kept, once or for good: what
 * was acknowledged before is found after a restart. */
static void test_log_store__survives_write_errors(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct scene *scene = scene_new(seed, SEGMENT_BYTES);
        struct disk_knobs *knobs = disk_knobs(scene->disk);

        knobs->fail_at_step =
            disk_steps(scene->disk) + 1 + scene_draw(scene, 60);
        knobs->fail_error =
            scene_draw(scene, 2) == 0 ? ERROR_IO : ERROR_NO_SPACE;
        knobs->fail_on = scene_draw(scene, 2) == 0;
        for (int i = 0; i < MODEL_CALLS && scene->failed == 0; i++) {
            scene_act(scene);
        }
        scene_close(scene);
        disk_crash(scene->disk);
        assert_int_equal(scene_open(scene), ERROR_NONE);
        scene_free(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_log_store__survives_crash_at_every_step),
        RUN(test_log_store__equals_model),
        RUN(test_log_store__survives_write_errors),
    };

    /* Thousands of crashes on purpose need no lines; a refusal shows as a
     * failed test. */
    quiet_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include "proto/base/check.h"
#include "storage/generation.h"
#include "tests/unit/crash.h"
#include "tests/unit/store_fixture.h"

/* A node's life is crashed behind every step it takes with the directory of
 * its store. Built twice: a crash is SIGKILL of a child, or a power cut. */

enum { OLD_INDEX = 10, NEW_INDEX = 50 };

struct scene {
    char scratch[FILES_PATH_BYTES_MAX];
    char data[FILES_PATH_BYTES_MAX];   /* Of the node under test. */
    char leader[FILES_PATH_BYTES_MAX]; /* Where the snapshot's files are. */
    struct crash_point *point;
    bool ready;     /* To be checked: a snapshot was ready... */
    bool installed; /* ...and became the store. */
};

static void rows_commit(struct store *store, const char *value, uint64_t index)
{
    struct batch *batch = batch_new();

    CHECK(batch != NULL);
    batch_put(batch, TABLE_ROOMS, SLICE_LITERAL("room"), slice_of_text(value));
    batch_put(batch, TABLE_USERS, SLICE_LITERAL("user"), slice_of_text(value));
    CHECK(store_commit(store, batch, index) == ERROR_NONE);
    batch_free(batch);
}

/* A leader's checkpoint with rows "new" at NEW_INDEX. */
static void snapshot_run(void *context, struct crash_point *point)
{
    struct scene *scene = context;
    uint64_t index;
    char path[FILES_PATH_BYTES_MAX];
    struct store *store;

    (void)point;
    CHECK(files_path(path, scene->scratch, "origin") == ERROR_NONE);
    CHECK(store_format(path) == ERROR_NONE);
    CHECK(store_open(path, NULL, &store) == ERROR_NONE);
    rows_commit(store, "new", NEW_INDEX);
    CHECK(store_checkpoint(store, scene->leader, &index) == ERROR_NONE);
    store_abandon(store);
}

static void on_step(void *context, enum generation_step step)
{
    struct scene *scene = context;

    crash_here(scene->point, (uint8_t)step);
}

static enum error snapshot_receive(struct scene *scene,
                                   struct generation *generation)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_path(path, scene->data, "received"));
    TRY(scratch_copy(scene->leader, path));
    return generation_adopt(generation, path, NEW_INDEX);
}

/* From the founding of a store to its replacement by a snapshot. Goes on from
 * wherever an earlier life ended. */
static enum error life(struct scene *scene, struct generation **generation)
{
    struct generation_options options = {on_step, scene};
    struct store *store = NULL;
    uint64_t ready, applied;

    TRY(generation_open(scene->data, &options, generation));
    TRY(store_open(generation_path(*generation), NULL, &store));
    applied = store_applied(store);
    if (applied == 0) {
        rows_commit(store, "old", OLD_INDEX);
    }
    TRY(store_close(store));
    if (applied == NEW_INDEX) {
        return ERROR_NONE;
    }
    if (!generation_ready(*generation, &ready)) {
        TRY(snapshot_receive(scene, *generation));
    }
    TRY(generation_install(*generation, OLD_INDEX));
    return generation_sweep(*generation, NEW_INDEX);
}

static void life_run(void *context, struct crash_point *point)
{
    struct scene *scene = context;
    struct generation *generation = NULL;

    scene->point = point;
    life(scene, &generation);
    generation_close(generation);
}

static void row_check(struct store *store, enum table table, const char *key,
                      const char *value)
{
    struct buffer found = BUFFER_EMPTY;

    CHECK(store_get(store, table, slice_of_text(key), &found) == ERROR_NONE);
    CHECK(slice_equal_text(buffer_slice(&found), value));
    buffer_deinit(&found);
}

/* What is called ready can be installed, and is all there. */
static void ready_check(struct generation *generation, uint64_t applied)
{
    struct store *store;

    CHECK(generation_install(generation, applied) == ERROR_NONE);
    CHECK(store_open(generation_path(generation), NULL, &store) == ERROR_NONE);
    CHECK(store_applied(store) == NEW_INDEX);
    row_check(store, TABLE_ROOMS, "room", "new");
    store_abandon(store);
}

/* One complete store, old or new; a snapshot that was ready still is, or is
 * the store; one that was installed is. */
static void check_run(void *context, struct crash_point *point)
{
    struct scene *scene = context;
    struct generation *generation;
    struct store *store;
    uint64_t ready = 0, applied;
    const char *value;
    bool is_ready;

    (void)point;
    CHECK(generation_open(scene->data, NULL, &generation) == ERROR_NONE);
    is_ready = generation_ready(generation, &ready);
    CHECK(store_open(generation_path(generation), NULL, &store) == ERROR_NONE);
    applied = store_applied(store);
    CHECK(applied == 0 || applied == OLD_INDEX || applied == NEW_INDEX);
    value = applied == NEW_INDEX ? "new" : "old";
    if (applied != 0) {
        row_check(store, TABLE_ROOMS, "room", value);
        row_check(store, TABLE_USERS, "user", value);
    }
    CHECK(!is_ready || ready == NEW_INDEX);
    CHECK(!scene->ready || is_ready || applied == NEW_INDEX);
    CHECK(!scene->installed || applied == NEW_INDEX);
    store_abandon(store);
    if (is_ready) {
        ready_check(generation, applied);
    }
    generation_close(generation);
}

static void life_check(struct scene *scene, bool ready, bool installed)
{
    scene->ready = ready;
    scene->installed = installed;
    crash_run(scene->data, CRASH_NEVER, 0, check_run, scene, NULL);
}

/* Begin from nothing: an empty data directory. */
static void data_empty(struct scene *scene)
{
    files_remove(scene->data);
    assert_int_equal(files_make_directory(scene->data), ERROR_NONE);
    assert_int_equal(files_sync(scene->scratch), ERROR_NONE);
}

/* Crash a life at one step; tell what the steps until then must have left. */
static void crash_try(struct scene *scene, unsigned nth, uint64_t seed)
{
    struct crash_report report;
    bool ready = false, installed = false;

    data_empty(scene);
    crash_run(scene->data, nth, seed, life_run, scene, &report);
    assert_int_equal(report.n, nth + 1);
    for (unsigned i = 0; i < report.n; i++) {
        ready = ready || report.tags[i] == GENERATION_ADOPTED;
        installed = installed ||
                    (ready && report.tags[i] == GENERATION_CURRENT_DURABLE);
    }
    life_check(scene, ready, installed);
    crash_run(scene->data, CRASH_NEVER, 0, life_run, scene, NULL);
    life_check(scene, true, true);
}

/* I1, I3: whatever step a crash follows, from the founding of the store to the
 * removal of the old one, the node starts again and gets where it was going. */
static void test_generation_open__after_a_crash_at_every_step(void **state)
{
    struct scene *scene = *state;
    struct crash_report whole;
    bool seen[GENERATION_STEPS] = {false};

    crash_run(scene->scratch, CRASH_NEVER, 0, snapshot_run, scene, NULL);
    data_empty(scene);
    crash_run(scene->data, CRASH_NEVER, 0, life_run, scene, &whole);
    life_check(scene, true, true);
    for (unsigned i = 0; i < whole.n; i++) {
        seen[whole.tags[i]] = true;
    }
    for (unsigned i = 0; i < GENERATION_STEPS; i++) {
        assert_true(seen[i]);
    }
    for (unsigned i = 0; i < whole.n; i++) {
        for (uint64_t seed = 0; seed < crash_seeds(); seed++) {
            crash_try(scene, i, seed);
        }
    }
}

static int setup(void **state)
{
    static struct scene scene;

    scratch_make(scene.scratch);
    assert_int_equal(files_path(scene.data, scene.scratch, "data"), ERROR_NONE);
    assert_int_equal(files_path(scene.leader, scene.scratch, "leader"),
                     ERROR_NONE);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    files_remove(scene->scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_generation_open__after_a_crash_at_every_step, setup,
               teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

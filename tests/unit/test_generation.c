#include "tests/unit/test.h"

#include <stdlib.h>

#include "storage/generation.h"
#include "tests/unit/store_fixture.h"

/* How the store's directory is found, and how a snapshot takes its place.
 * Built twice, over POSIX files and over perch-sim's. */

enum { OLD_INDEX = 10, NEW_INDEX = 50 };

struct scene {
    char scratch[FILES_PATH_BYTES_MAX];
    char data[FILES_PATH_BYTES_MAX];   /* Of the node under test. */
    char leader[FILES_PATH_BYTES_MAX]; /* Where the snapshot's files are. */
};

static void commit_rows(struct store *store, const char *value, uint64_t index)
{
    struct batch *batch = batch_new();

    assert_non_null(batch);
    batch_put(batch, TABLE_ROOMS, SLICE_LITERAL("room"), slice_of_text(value));
    batch_put(batch, TABLE_USERS, SLICE_LITERAL("user"), slice_of_text(value));
    assert_int_equal(store_commit(store, batch, index), ERROR_NONE);
    batch_free(batch);
}

/* A leader's checkpoint with rows "new" at NEW_INDEX. */
static void snapshot_make(struct scene *scene)
{
    char path[FILES_PATH_BYTES_MAX];
    struct store *store;
    uint64_t index;

    assert_int_equal(files_path(path, scene->scratch, "origin"), ERROR_NONE);
    assert_int_equal(store_format(path), ERROR_NONE);
    assert_int_equal(store_open(path, NULL, &store), ERROR_NONE);
    commit_rows(store, "new", NEW_INDEX);
    assert_int_equal(store_checkpoint(store, scene->leader, &index),
                     ERROR_NONE);
    assert_int_equal(index, NEW_INDEX);
    store_abandon(store);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scratch_make(scene->scratch);
    assert_int_equal(files_path(scene->data, scene->scratch, "data"),
                     ERROR_NONE);
    assert_int_equal(files_path(scene->leader, scene->scratch, "leader"),
                     ERROR_NONE);
    assert_int_equal(files_make_directory(scene->data), ERROR_NONE);
    snapshot_make(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    files_remove(scene->scratch);
    free(scene);
    return 0;
}

static struct generation *generation_must(struct scene *scene)
{
    struct generation *generation = NULL;

    assert_int_equal(generation_open(scene->data, NULL, &generation),
                     ERROR_NONE);
    return generation;
}

/* Copy the leader's files to where a snapshot is received, and adopt them. */
static enum error snapshot_receive(struct scene *scene,
                                   struct generation *generation,
                                   uint64_t index)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_path(path, scene->data, "received"));
    TRY(scratch_copy(scene->leader, path));
    return generation_adopt(generation, path, index);
}

/* What the current store says: "old", "new", or "" before any row. */
static void rows_expect(struct generation *generation, const char *value,
                        uint64_t index)
{
    struct store *store;
    struct buffer found = BUFFER_EMPTY;

    assert_int_equal(store_open(generation_path(generation), NULL, &store),
                     ERROR_NONE);
    assert_int_equal(store_applied(store), index);
    if (value[0] != '\0') {
        assert_int_equal(
            store_get(store, TABLE_ROOMS, SLICE_LITERAL("room"), &found),
            ERROR_NONE);
        assert_true(slice_equal_text(buffer_slice(&found), value));
        assert_int_equal(
            store_get(store, TABLE_USERS, SLICE_LITERAL("user"), &found),
            ERROR_NONE);
        assert_true(slice_equal_text(buffer_slice(&found), value));
    }
    store_abandon(store);
    buffer_deinit(&found);
}

static void old_commit(struct generation *generation)
{
    struct store *store;

    assert_int_equal(store_open(generation_path(generation), NULL, &store),
                     ERROR_NONE);
    commit_rows(store, "old", OLD_INDEX);
    assert_int_equal(store_close(store), ERROR_NONE);
}

/* An empty data directory gets an empty store, and keeps it. */
static void test_generation_open__founds_once(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready;

    rows_expect(generation, "", 0);
    assert_false(generation_ready(generation, &ready));
    old_commit(generation);
    generation_close(generation);
    generation = generation_must(scene);
    rows_expect(generation, "old", OLD_INDEX);
    generation_close(generation);
    generation_close(NULL);
}

/* A snapshot that was received, checked and installed is the store. */
static void test_generation_install__switches_to_the_snapshot(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready = 0;

    old_commit(generation);
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_true(generation_ready(generation, &ready));
    assert_int_equal(ready, NEW_INDEX);
    rows_expect(generation, "old", OLD_INDEX);
    assert_int_equal(generation_install(generation, OLD_INDEX), ERROR_NONE);
    assert_false(generation_ready(generation, &ready));
    rows_expect(generation, "new", NEW_INDEX);
    assert_int_equal(generation_sweep(generation, NEW_INDEX), ERROR_NONE);
    rows_expect(generation, "new", NEW_INDEX);
    assert_int_equal(generation_install(generation, NEW_INDEX),
                     ERROR_NOT_FOUND);
    generation_close(generation);
}

/* I3: a snapshot older than the store is not installed. */
static void test_generation_install__never_moves_backwards(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);

    old_commit(generation);
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_int_equal(generation_install(generation, NEW_INDEX + 1),
                     ERROR_FORGOTTEN);
    rows_expect(generation, "old", OLD_INDEX);
    generation_close(generation);
}

/* A second snapshot takes the place of one that was not installed yet. */
static void test_generation_adopt__replaces_an_older_one(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready;

    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_true(generation_ready(generation, &ready));
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    generation_close(generation);
    generation = generation_must(scene);
    assert_int_equal(generation_install(generation, 0), ERROR_NONE);
    rows_expect(generation, "new", NEW_INDEX);
    generation_close(generation);
}

/* I1: raft may rely on a ready snapshot, so an older one does not replace
 * it. */
static void test_generation_adopt__refuses_an_older_one(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready;

    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX - 1),
                     ERROR_FORGOTTEN);
    assert_true(generation_ready(generation, &ready));
    assert_int_equal(ready, NEW_INDEX);
    generation_close(generation);
}

/* A directory that others received and checked is renamed into its place, and
 * found there after a restart; what is ready gives way to none that is older.
 */
static void test_generation_adopt__makes_a_directory_ready(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready;

    old_commit(generation);
    assert_int_equal(generation_adopt(generation, scene->leader, NEW_INDEX),
                     ERROR_NONE);
    generation_close(generation);
    generation = generation_must(scene);
    assert_true(generation_ready(generation, &ready));
    assert_int_equal(ready, NEW_INDEX);
    assert_int_equal(
        generation_adopt(generation, scene->scratch, NEW_INDEX - 1),
        ERROR_FORGOTTEN);
    assert_int_equal(generation_install(generation, OLD_INDEX), ERROR_NONE);
    rows_expect(generation, "new", NEW_INDEX);
    generation_close(generation);
}

static enum error reconcile(struct generation *generation, uint64_t applied,
                            uint64_t snapshot, uint64_t last, bool *install)
{
    return generation_reconcile(generation, applied, snapshot, last, install);
}

/* I1, I5: replay must be able to begin where the store or a ready snapshot
 * ends; a log that begins later, or ends earlier, is refused. */
static void test_generation_reconcile__refuses_a_gap(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    bool install = true;

    assert_int_equal(reconcile(generation, 0, 0, 0, &install), ERROR_NONE);
    assert_false(install);
    assert_int_equal(reconcile(generation, 10, 0, 10, &install), ERROR_NONE);
    assert_int_equal(reconcile(generation, 10, 10, 10, &install), ERROR_NONE);
    assert_int_equal(reconcile(generation, 10, 5, 90, &install), ERROR_NONE);
    assert_false(install);
    assert_int_equal(reconcile(generation, 10, 11, 90, &install),
                     ERROR_FORGOTTEN);
    assert_int_equal(reconcile(generation, 10, 0, 9, &install),
                     ERROR_FORGOTTEN);
    assert_false(install);

    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_int_equal(reconcile(generation, 10, 11, 90, &install), ERROR_NONE);
    assert_true(install);
    assert_int_equal(reconcile(generation, 10, 9, 90, &install), ERROR_NONE);
    assert_false(install);
    assert_int_equal(reconcile(generation, 10, NEW_INDEX + 1, 90, &install),
                     ERROR_FORGOTTEN);
    assert_false(install);
    /* Rows may be ahead of the snapshot's index in the log. */
    assert_int_equal(
        reconcile(generation, 10, NEW_INDEX - 1, NEW_INDEX - 1, &install),
        ERROR_NONE);
    assert_true(install);
    assert_int_equal(generation_install(generation, 10), ERROR_NONE);
    assert_int_equal(reconcile(generation, NEW_INDEX, NEW_INDEX - 1,
                               NEW_INDEX - 1, &install),
                     ERROR_NONE);
    assert_int_equal(reconcile(generation, NEW_INDEX + 1, NEW_INDEX - 1,
                               NEW_INDEX - 1, &install),
                     ERROR_FORGOTTEN);
    generation_close(generation);
}

/* Count what lies in a directory. */
static enum error entry_count(void *context, const struct files_entry *entry)
{
    (void)entry;
    *(unsigned *)context += 1;
    return ERROR_NONE;
}

static unsigned entries(struct scene *scene, const char *name)
{
    char path[FILES_PATH_BYTES_MAX];
    unsigned n = 0;

    assert_int_equal(files_path(path, scene->data, name), ERROR_NONE);
    assert_int_equal(files_list(path, entry_count, &n), ERROR_NONE);
    return n;
}

/* I8: older generations are gone after a start, and only one store and its
 * CURRENT are left; what others keep beside it stays. */
static void test_generation_open__sweeps_leftovers(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    char path[FILES_PATH_BYTES_MAX];

    old_commit(generation);
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_int_equal(generation_install(generation, OLD_INDEX), ERROR_NONE);
    assert_int_equal(files_path(path, scene->data, "store/CURRENT.new"),
                     ERROR_NONE);
    assert_int_equal(files_write(path, 0, "torn", 4), ERROR_NONE);
    assert_int_equal(files_path(path, scene->data, "staging"), ERROR_NONE);
    assert_int_equal(files_make_directory(path), ERROR_NONE);
    assert_int_equal(files_path(path, scene->data, "staging/manifest"),
                     ERROR_NONE);
    assert_int_equal(files_write(path, 0, "half", 4), ERROR_NONE);
    generation_close(generation);
    assert_int_equal(entries(scene, "store"), 4);

    generation = generation_must(scene);
    assert_int_equal(entries(scene, "staging"), 1);
    assert_int_equal(entries(scene, "store"), 2);
    rows_expect(generation, "new", NEW_INDEX);
    generation_close(generation);
}

/* A ready snapshot that nobody needs is dropped when the caller says so. */
static void test_generation_sweep__drops_what_is_outdated(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    uint64_t ready;

    old_commit(generation);
    assert_int_equal(snapshot_receive(scene, generation, NEW_INDEX),
                     ERROR_NONE);
    assert_int_equal(generation_sweep(generation, OLD_INDEX), ERROR_NONE);
    assert_true(generation_ready(generation, &ready));
    assert_int_equal(generation_sweep(generation, NEW_INDEX), ERROR_NONE);
    assert_false(generation_ready(generation, &ready));
    assert_int_equal(entries(scene, "store"), 2);
    rows_expect(generation, "old", OLD_INDEX);
    generation_close(generation);
}

static void current_write_text(struct scene *scene, const char *text,
                               size_t bytes)
{
    char path[FILES_PATH_BYTES_MAX];

    assert_int_equal(files_path(path, scene->data, "store/CURRENT"),
                     ERROR_NONE);
    files_remove(path);
    assert_int_equal(files_write(path, 0, text, bytes), ERROR_NONE);
}

static void open_expect_rotten(struct scene *scene)
{
    struct generation *generation = NULL;

    assert_int_equal(generation_open(scene->data, NULL, &generation),
                     ERROR_ROTTEN);
    assert_null(generation);
}

/* CURRENT with any bit flipped, cut short, emptied or gone, and a CURRENT that
 * names what is not there, is rot: never another store, never a new one. */
static void test_generation_open__refuses_a_damaged_current(void **state)
{
    struct scene *scene = *state;
    struct generation *generation = generation_must(scene);
    char path[FILES_PATH_BYTES_MAX], text[128], bad[128];
    size_t bytes;

    old_commit(generation);
    assert_int_equal(files_path(path, scene->data, "store/CURRENT"),
                     ERROR_NONE);
    assert_int_equal(files_read(path, 0, text, sizeof(text), &bytes),
                     ERROR_NONE);
    for (size_t bit = 0; bit < bytes * 8; bit++) {
        memcpy(bad, text, bytes);
        bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
        current_write_text(scene, bad, bytes);
        open_expect_rotten(scene);
    }
    for (size_t cut = 0; cut < bytes; cut++) {
        current_write_text(scene, text, cut);
        open_expect_rotten(scene);
    }
    assert_int_equal(files_remove(path), ERROR_NONE);
    open_expect_rotten(scene);
    current_write_text(scene, text, bytes);
    rows_expect(generation, "old", OLD_INDEX);
    assert_int_equal(files_remove(generation_path(generation)), ERROR_NONE);
    open_expect_rotten(scene);
    generation_close(generation);
}

#define RUN_SCENE(test) RUN_IN(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_SCENE(test_generation_open__founds_once),
        RUN_SCENE(test_generation_install__switches_to_the_snapshot),
        RUN_SCENE(test_generation_install__never_moves_backwards),
        RUN_SCENE(test_generation_adopt__replaces_an_older_one),
        RUN_SCENE(test_generation_adopt__refuses_an_older_one),
        RUN_SCENE(test_generation_adopt__makes_a_directory_ready),
        RUN_SCENE(test_generation_reconcile__refuses_a_gap),
        RUN_SCENE(test_generation_open__sweeps_leftovers),
        RUN_SCENE(test_generation_sweep__drops_what_is_outdated),
        RUN_SCENE(test_generation_open__refuses_a_damaged_current),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

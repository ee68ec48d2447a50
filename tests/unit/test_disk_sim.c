#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "storage/checkpoint.h"
#include "tests/sim/files_sim.h"
#include "tests/sim/store_sim.h"
#include "tests/unit/store_fixture.h"

/* What perch-sim may do to its disk and to the stores on it. */

/* A power cut drops every store below the directory to its last flush, shuts
 * its handle out, and fails whatever touches the disk until it is back. */
static void test_files_sim_crash__takes_stores_along(void **state)
{
    struct store_fixture *f = *state;
    struct buffer value = BUFFER_EMPTY;
    struct view *view;

    assert_int_equal(files_sync(f->directory), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "flushed");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "lost");
    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    files_sim_crash(f->directory, 0);
    fixture_put(f, TABLE_ROOMS, "a", "from the grave");
    assert_int_equal(store_commit(f->store, f->batch, 3), ERROR_CLOSED);
    assert_int_equal(store_flush(f->store, 3), ERROR_CLOSED);
    assert_int_equal(view_get(view, TABLE_ROOMS, SLICE_LITERAL("a"), &value),
                     ERROR_CLOSED);
    view_close(view);
    store_abandon(f->store);
    assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_IO);
    files_sim_restart(f->directory);
    fixture_open(f);
    assert_int_equal(f->index, 1);
    fixture_expect(f, TABLE_ROOMS, "a", "flushed");
    batch_clear(f->batch);
    /* Nothing of the closed view is left behind. */
    fixture_put_commit(f, TABLE_ROOMS, "a", "again");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    buffer_deinit(&value);
}

/* A handle of before a crash does nothing to the store of after it. */
static void test_store_abandon__of_an_old_handle_is_harmless(void **state)
{
    struct store_fixture *f = *state;
    struct store *old = f->store;

    assert_int_equal(files_sync(f->directory), ERROR_NONE);
    files_sim_crash(f->directory, 0);
    files_sim_restart(f->directory);
    fixture_open(f);
    fixture_put_commit(f, TABLE_ROOMS, "a", "new life");
    store_abandon(old);
    fixture_expect(f, TABLE_ROOMS, "a", "new life");
    assert_int_equal(store_applied(f->store), 1);
}

/* A disk gone bad fails the flush; the store stays failed; a restart heals
 * it. */
static void test_files_sim_fail__fails_flushes(void **state)
{
    struct store_fixture *f = *state;

    assert_int_equal(files_sync(f->directory), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    files_sim_fail(f->directory, 1, ERROR_NO_SPACE);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "2");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NO_SPACE);
    assert_int_equal(store_commit(f->store, f->batch, 3), ERROR_NO_SPACE);
    assert_int_equal(files_make_directory(f->other), ERROR_NO_SPACE);
    files_sim_restart(f->directory);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NO_SPACE);
    fixture_crash(f);
    assert_int_equal(f->index, 1);
    fixture_expect(f, TABLE_ROOMS, "a", "1");
}

/* A store that flushes by itself is further than it tells, never less. */
static void test_store_sim_flush_every__tells_nobody(void **state)
{
    struct store_fixture *f = *state;

    store_sim_flush_every(3);
    for (int i = 0; i < 5; i++) {
        fixture_put_commit(f, TABLE_ROOMS, "a", "x");
    }
    store_sim_flush_every(0);
    assert_int_equal(store_flushed(f->store), 0);
    fixture_crash(f);
    assert_int_equal(f->index, 3);
}

/* Rot shows to all who read, but not to who only copies. */
static void test_store_sim_rot__shows_everywhere(void **state)
{
    struct store_fixture *f = *state;
    struct buffer value = BUFFER_EMPTY;
    struct view *view;
    uint64_t index;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    assert_int_equal(store_sim_rot(f->other), ERROR_NOT_FOUND);
    assert_int_equal(store_sim_rot(f->path), ERROR_NONE);
    assert_int_equal(
        store_get(f->store, TABLE_ROOMS, SLICE_LITERAL("a"), &value),
        ERROR_ROTTEN);
    assert_int_equal(
        rows_text(view, TABLE_ROOMS, (struct range){.backward = false}, &value),
        ERROR_ROTTEN);
    view_close(view);
    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(checkpoint_verify(f->other), ERROR_ROTTEN);
    store_abandon(f->store);
    assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_ROTTEN);
    f->store = NULL;
    buffer_deinit(&value);
}

/* A damaged file of a checkpoint is found by whoever opens it. */
static void test_store_open__of_a_damaged_checkpoint(void **state)
{
    struct store_fixture *f = *state;
    char path[FILES_PATH_BYTES_MAX];
    struct store *store;
    uint64_t index;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(files_path(path, f->other, "rows-1"), ERROR_NONE);
    assert_int_equal(files_write(path, 7, "rot", 3), ERROR_NONE);
    assert_int_equal(checkpoint_verify(f->other), ERROR_ROTTEN);
    assert_int_equal(store_open(f->other, NULL, &store), ERROR_ROTTEN);
    assert_int_equal(files_remove(path), ERROR_NONE);
    assert_int_equal(store_open(f->other, NULL, &store), ERROR_ROTTEN);
}

static void eight_path(const char *directory, unsigned i, char *path)
{
    char name[] = {'x', (char)('0' + i), '\0'};

    assert_int_equal(files_path(path, directory, name), ERROR_NONE);
}

/* Write eight files of which two are synced, crash, and see what is left: a
 * bit for each name, and one above for its bytes. */
static unsigned crash_leaves(const char *directory, uint64_t seed)
{
    char path[FILES_PATH_BYTES_MAX], byte;
    unsigned left = 0;
    size_t got;

    for (unsigned i = 0; i < 8; i++) {
        eight_path(directory, i, path);
        files_remove(path);
    }
    assert_int_equal(files_sync(directory), ERROR_NONE);
    for (unsigned i = 0; i < 8; i++) {
        eight_path(directory, i, path);
        assert_int_equal(files_write(path, 0, "written", 7), ERROR_NONE);
        if (i < 2) {
            assert_int_equal(files_sync(path), ERROR_NONE);
            assert_int_equal(files_sync(directory), ERROR_NONE);
        }
    }
    files_sim_crash(directory, seed);
    files_sim_restart(directory);
    for (unsigned i = 0; i < 8; i++) {
        eight_path(directory, i, path);
        if (files_read(path, 0, &byte, 1, &got) == ERROR_NONE) {
            left |= (got == 1 ? 0x101u : 0x1u) << i;
        }
    }
    return left;
}

/* Names without their directory's sync and bytes without the file's are what a
 * crash takes; with a seed it takes some, the same ones each time. */
static void test_files_sim_crash__forgets_what_is_not_synced(void **state)
{
    struct store_fixture *f = *state;
    unsigned partly = 0;

    assert_int_equal(crash_leaves(f->directory, 0), 0x303);
    for (uint64_t seed = 1; seed < 20; seed++) {
        unsigned left = crash_leaves(f->directory, seed);

        assert_int_equal(left & 0x303, 0x303);
        assert_int_equal(left, crash_leaves(f->directory, seed));
        partly += left != 0x303 && left != 0xffff;
    }
    assert_true(partly > 10);
}

#define RUN_STORE(test)                                                        \
    RUN_IN(test, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_STORE(test_files_sim_crash__takes_stores_along),
        RUN_STORE(test_store_abandon__of_an_old_handle_is_harmless),
        RUN_STORE(test_files_sim_fail__fails_flushes),
        RUN_STORE(test_store_sim_flush_every__tells_nobody),
        RUN_STORE(test_store_sim_rot__shows_everywhere),
        RUN_STORE(test_store_open__of_a_damaged_checkpoint),
        RUN_STORE(test_files_sim_crash__forgets_what_is_not_synced),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    files_sim_reset();
    return failed;
}

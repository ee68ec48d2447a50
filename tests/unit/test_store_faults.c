#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/checkpoint.h"
#include "tests/unit/fault_io.h"
#include "tests/unit/store_fixture.h"

/* A disk that is full or answers EIO, from every call of a flush on: the error
 * comes back, stays, and what is on disk is one index's rows. Works over
 * RocksDB alone; the disk of perch-sim fails in its own ways. */

enum { CALLS_MAX = 200 };

/* Three tables at the next index, all saying which it was. */
static void index_commit(struct store_fixture *f)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)f->index + 1);
    fixture_put(f, TABLE_ROOMS, "row", text);
    fixture_put(f, TABLE_MESSAGES, "row", text);
    fixture_put(f, TABLE_SESSIONS, "row", text);
    fixture_commit(f);
}

static void rows_expect(struct store_fixture *f, uint64_t index)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)index);
    fixture_expect(f, TABLE_ROOMS, "row", text);
    fixture_expect(f, TABLE_MESSAGES, "row", text);
    fixture_expect(f, TABLE_SESSIONS, "row", text);
}

static void index_expect(struct store_fixture *f)
{
    rows_expect(f, f->index);
}

/* After an error every write answers with it, and the flushed index stands. */
static void failure_expect(struct store_fixture *f, enum error expected,
                           uint64_t flushed)
{
    assert_int_equal(store_flush(f->store, UINT64_MAX), expected);
    fixture_put(f, TABLE_ROOMS, "row", "refused");
    assert_int_equal(store_commit(f->store, f->batch, f->index + 1), expected);
    batch_clear(f->batch);
    assert_int_equal(store_applied(f->store), f->index);
    assert_int_equal(store_flushed(f->store), flushed);
    index_expect(f);
}

/* One flush whose calls fail from the nth on. Returns false when it has fewer
 * calls than that, and succeeded. */
static bool flush_try(struct store_fixture *f, uint64_t nth, int number,
                      enum error expected)
{
    uint64_t failed;
    enum error error;

    index_commit(f);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    index_commit(f);
    fault_io_arm(f->directory, "", nth, number);
    error = store_flush(f->store, UINT64_MAX);
    if (error != ERROR_NONE) {
        assert_int_equal(error, expected);
        failure_expect(f, expected, 1);
    }
    failed = fault_io_disarm();
    assert_true((error != ERROR_NONE) == (failed > 0));
    fixture_crash(f);
    assert_in_range(f->index, error == ERROR_NONE ? 2 : 1, 2);
    index_expect(f);
    return error != ERROR_NONE;
}

/* Each try has a store of its own, so that no merging of files is under way
 * whose failure would come first. */
static void store_renew(struct store_fixture *f)
{
    store_abandon(f->store);
    f->store = NULL;
    assert_int_equal(files_remove(f->path), ERROR_NONE);
    assert_int_equal(store_format(f->path), ERROR_NONE);
    fixture_open(f);
}

static void flush_try_all(struct store_fixture *f, int number,
                          enum error expected)
{
    uint64_t nth = 0;

    while (flush_try(f, nth, number, expected)) {
        nth += 1;
        assert_true(nth < CALLS_MAX);
        store_renew(f);
    }
    /* Four tables' files, the MANIFEST, the seal: each written and synced. */
    assert_true(nth > 10);
}

/* A full disk: wherever in a flush it shows. */
static void test_store_flush__on_a_full_disk(void **state)
{
    flush_try_all(*state, ENOSPC, ERROR_NO_SPACE);
}

/* A disk that answers EIO: wherever in a flush. */
static void test_store_flush__on_a_failing_disk(void **state)
{
    flush_try_all(*state, EIO, ERROR_STORE_IO);
}

/* Opening writes a new MANIFEST and more: a full disk is told, wherever, and
 * takes nothing away. */
static void test_store_open__on_a_full_disk(void **state)
{
    struct store_fixture *f = *state;
    enum error error = ERROR_NO_SPACE;

    index_commit(f);
    assert_int_equal(store_close(f->store), ERROR_NONE);
    for (uint64_t nth = 0; error != ERROR_NONE; nth++) {
        f->store = NULL;
        assert_true(nth < CALLS_MAX);
        fault_io_arm(f->directory, "", nth, ENOSPC);
        error = store_open(f->path, NULL, &f->store);
        fault_io_disarm();
        if (error != ERROR_NONE) {
            assert_int_equal(error, ERROR_NO_SPACE);
            fixture_open(f);
        }
        index_expect(f);
        store_abandon(f->store);
    }
    f->store = NULL;
}

/* A store that could not be made is none; the next try begins anew. */
static void test_store_format__on_a_full_disk(void **state)
{
    struct store_fixture *f = *state;
    enum error error = ERROR_NO_SPACE;

    for (uint64_t nth = 0; error != ERROR_NONE; nth += 7) {
        assert_true(nth < 10 * CALLS_MAX);
        files_remove(f->other);
        fault_io_arm(f->directory, "other", nth, ENOSPC);
        error = store_format(f->other);
        fault_io_disarm();
        assert_true(error == ERROR_NONE || error == ERROR_NO_SPACE);
    }
}

/* RocksDB flushes by itself when memtables are full; that it failed comes out
 * at the next commits, not at the end of the day. */
static void test_store_commit__tells_of_background_errors(void **state)
{
    struct store_fixture *f = *state;
    struct store_options small = {.memtable_bytes = STORE_MEMTABLE_BYTES_MIN,
                                  .cache_bytes = STORE_CACHE_BYTES_MIN};
    static char value[4000];
    enum error error = ERROR_NONE;
    uint64_t last;

    index_commit(f);
    assert_int_equal(store_close(f->store), ERROR_NONE);
    assert_int_equal(store_open(f->path, &small, &f->store), ERROR_NONE);
    memset(value, 'x', sizeof(value) - 1);
    fault_io_arm(f->directory, "", 0, ENOSPC);
    for (int i = 0; i < 10000 && error == ERROR_NONE; i++) {
        fixture_put(f, TABLE_ENDPOINTS, "big", value);
        error = store_commit(f->store, f->batch, f->index + 1);
        f->index += error == ERROR_NONE;
    }
    batch_clear(f->batch);
    assert_int_equal(error, ERROR_NO_SPACE);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NO_SPACE);
    assert_true(fault_io_disarm() > 0);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NO_SPACE);
    /* RocksDB tries again by itself once there is space: what it then flushed
     * is a prefix all the same. */
    last = f->index;
    fixture_crash(f);
    assert_in_range(f->index, 1, last);
    rows_expect(f, 1);
}

/* Merging files fails, which is RocksDB's own affair and it may try again; the
 * node stops all the same, at its next commits. */
static void test_store_commit__tells_of_failed_merging(void **state)
{
    struct store_fixture *f = *state;
    enum error error = ERROR_NONE;
    uint64_t calls = 0, last;

    /* The names of tables' files begin with their numbers. RocksDB merges four
     * files of a table whose rows overlap; others it only renames. */
    for (unsigned i = 0; i < 4; i++) {
        fixture_put(f, TABLE_ROOMS, "a first row", "");
        fixture_put(f, TABLE_ROOMS, "z last row", "");
        index_commit(f);
        fault_io_arm(f->path, "0", i < 3 ? UINT64_MAX : calls, ENOSPC);
        assert_int_equal(error, ERROR_NONE);
        /* The fourth flush may have to tell already: merging begins before
         * it has returned. */
        error = store_flush(f->store, UINT64_MAX);
        calls = fault_io_passed();
    }
    for (unsigned i = 0; i < 5000 && error == ERROR_NONE; i++) {
        fixture_put(f, TABLE_ROOMS, "row", "more");
        error = store_commit(f->store, f->batch, f->index + 1);
        f->index += error == ERROR_NONE;
        poll(NULL, 0, 1);
    }
    batch_clear(f->batch);
    /* RocksDB does not always say what it was. */
    assert_true(error == ERROR_STORE_IO || error == ERROR_NO_SPACE);
    assert_true(fault_io_disarm() > 0);
    last = f->index;
    fixture_crash(f);
    assert_in_range(f->index, 4, last);
    fixture_expect(f, TABLE_MESSAGES, "row", "4");
}

/* Fail if there is anything but the store. */
static enum error entry_expect(void *context, const struct files_entry *entry)
{
    (void)context;
    assert_string_equal(entry->name, "store");
    return ERROR_NONE;
}

/* A checkpoint that could not be made leaves nothing behind, and the store's
 * rows as they were. */
static void test_store_checkpoint__on_a_full_disk(void **state)
{
    struct store_fixture *f = *state;
    uint64_t index;
    enum error error = ERROR_NO_SPACE;

    for (uint64_t nth = 0; error != ERROR_NONE; nth++) {
        assert_true(nth < CALLS_MAX);
        store_renew(f);
        index_commit(f);
        assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
        index_commit(f);
        fault_io_arm(f->directory, "", nth, ENOSPC);
        error = store_checkpoint(f->store, f->other, &index);
        fault_io_disarm();
        if (error != ERROR_NONE) {
            assert_int_equal(error, ERROR_NO_SPACE);
            assert_int_equal(files_list(f->directory, entry_expect, NULL),
                             ERROR_NONE);
            fixture_crash(f);
        }
        index_expect(f);
    }
    assert_int_equal(index, f->index);
    assert_int_equal(checkpoint_verify(f->other), ERROR_NONE);
}

#define RUN_STORE(test)                                                        \
    RUN_IN(test, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_STORE(test_store_flush__on_a_full_disk),
        RUN_STORE(test_store_flush__on_a_failing_disk),
        RUN_STORE(test_store_open__on_a_full_disk),
        RUN_STORE(test_store_format__on_a_full_disk),
        RUN_STORE(test_store_commit__tells_of_background_errors),
        RUN_STORE(test_store_commit__tells_of_failed_merging),
        RUN_STORE(test_store_checkpoint__on_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

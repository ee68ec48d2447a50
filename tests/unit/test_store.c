#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "storage/checkpoint.h"
#include "tests/unit/store_fixture.h"

/* The contract of storage/store.h, cursor.h and checkpoint.h. Built twice:
 * over RocksDB and over the store of perch-sim. */

/* A new store holds nothing, is at index 0, and is made only once. */
static void test_store_format__makes_an_empty_store(void **state)
{
    struct store_fixture *f = *state;
    struct buffer dump = BUFFER_EMPTY;

    assert_int_equal(store_applied(f->store), 0);
    assert_int_equal(store_flushed(f->store), 0);
    assert_int_equal(rows_dump(f->store, &dump), ERROR_NONE);
    assert_int_equal(dump.len, 0);
    assert_int_equal(store_format(f->path), ERROR_EXISTS);
    buffer_deinit(&dump);
}

/* Opening never makes a store: who asks for one that is not there is told. */
static void test_store_open__refuses_what_is_no_store(void **state)
{
    struct store_fixture *f = *state;
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct store *store = NULL;

    assert_int_equal(store_open(f->other, NULL, &store), ERROR_NOT_FOUND);
    assert_int_equal(files_make_directory(f->other), ERROR_NONE);
    assert_int_equal(store_open(f->other, NULL, &store), ERROR_ROTTEN);
    assert_int_equal(store_open(f->path, NULL, &store), ERROR_BUSY);
    options.memtable_bytes = STORE_MEMTABLE_BYTES_MIN - 1;
    assert_int_equal(store_open(f->path, &options, &store), ERROR_INVALID);
    options = STORE_OPTIONS_DEFAULT;
    options.cache_bytes = STORE_CACHE_BYTES_MIN - 1;
    assert_int_equal(store_open(f->path, &options, &store), ERROR_INVALID);
    assert_null(store);
}

/* A batch's rows, in whatever tables, and its index appear in one step. */
static void test_store_commit__shows_rows_and_index_together(void **state)
{
    struct store_fixture *f = *state;

    fixture_put(f, TABLE_ROOMS, "room", "hall");
    fixture_put(f, TABLE_MESSAGES, "1", "hello");
    fixture_expect(f, TABLE_ROOMS, "room", NULL);
    assert_int_equal(batch_rows(f->batch), 2);
    assert_int_equal(store_commit(f->store, f->batch, 17), ERROR_NONE);
    assert_int_equal(store_applied(f->store), 17);
    fixture_expect(f, TABLE_ROOMS, "room", "hall");
    fixture_expect(f, TABLE_MESSAGES, "1", "hello");
    fixture_expect(f, TABLE_USERS, "room", NULL);
}

/* In one batch the last word on a key counts, in either direction. */
static void test_store_commit__later_rows_of_a_batch_win(void **state)
{
    struct store_fixture *f = *state;

    fixture_put(f, TABLE_ROOMS, "a", "1");
    fixture_put(f, TABLE_ROOMS, "a", "2");
    fixture_put(f, TABLE_ROOMS, "b", "1");
    fixture_delete(f, TABLE_ROOMS, "b");
    fixture_delete(f, TABLE_ROOMS, "c");
    fixture_put(f, TABLE_ROOMS, "c", "3");
    fixture_commit(f);
    fixture_expect(f, TABLE_ROOMS, "a", "2");
    fixture_expect(f, TABLE_ROOMS, "b", NULL);
    fixture_expect(f, TABLE_ROOMS, "c", "3");
}

/* An entry without effects still moves the index, and an empty value is a
 * row, unlike no row. */
static void test_store_commit__takes_nothing_and_empty_values(void **state)
{
    struct store_fixture *f = *state;

    fixture_commit(f);
    fixture_put_commit(f, TABLE_ROOMS, "a", "");
    fixture_expect(f, TABLE_ROOMS, "a", "");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    fixture_crash(f);
    assert_int_equal(f->index, 2);
    fixture_expect(f, TABLE_ROOMS, "a", "");
    fixture_expect(f, TABLE_ROOMS, "b", NULL);
}

/* Values of any size come back whole. */
static void test_store_get__large_value(void **state)
{
    struct store_fixture *f = *state;
    size_t bytes = 3 << 20;
    uint8_t *value = malloc(bytes);
    struct buffer found = BUFFER_EMPTY;

    assert_non_null(value);
    for (size_t i = 0; i < bytes; i++) {
        value[i] = (uint8_t)(i * 131 >> 3);
    }
    batch_put(f->batch, TABLE_MESSAGES, SLICE_LITERAL("big"),
              slice_of(value, bytes));
    assert_true(batch_bytes(f->batch) >= bytes);
    fixture_commit(f);
    assert_int_equal(store_close(f->store), ERROR_NONE);
    fixture_open(f);
    assert_int_equal(
        store_get(f->store, TABLE_MESSAGES, SLICE_LITERAL("big"), &found),
        ERROR_NONE);
    assert_true(slice_equal(buffer_slice(&found), slice_of(value, bytes)));
    buffer_deinit(&found);
    free(value);
}

/* A crash drops the store back to its last flush in all tables at once: rows
 * and index of later commits are gone, deletions undone. */
static void test_store_abandon__drops_back_to_the_last_flush(void **state)
{
    struct store_fixture *f = *state;

    fixture_put_commit(f, TABLE_ROOMS, "kept", "old");
    fixture_put_commit(f, TABLE_USERS, "undeleted", "x");
    assert_int_equal(store_flushed(f->store), 0);
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    assert_int_equal(store_flushed(f->store), 2);
    fixture_put(f, TABLE_ROOMS, "kept", "new");
    fixture_delete(f, TABLE_USERS, "undeleted");
    fixture_commit(f);
    fixture_put_commit(f, TABLE_MESSAGES, "lost", "y");
    fixture_crash(f);
    assert_int_equal(f->index, 2);
    assert_int_equal(store_flushed(f->store), 2);
    fixture_expect(f, TABLE_ROOMS, "kept", "old");
    fixture_expect(f, TABLE_USERS, "undeleted", "x");
    fixture_expect(f, TABLE_MESSAGES, "lost", NULL);
}

/* Closing in good order keeps everything, and a closed NULL is nothing. */
static void test_store_close__keeps_everything(void **state)
{
    struct store_fixture *f = *state;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    fixture_put_commit(f, TABLE_ROOMS, "b", "2");
    assert_int_equal(store_close(f->store), ERROR_NONE);
    fixture_open(f);
    assert_int_equal(f->index, 2);
    assert_int_equal(store_flushed(f->store), 2);
    fixture_expect(f, TABLE_ROOMS, "b", "2");
    assert_int_equal(store_close(NULL), ERROR_NONE);
    store_abandon(NULL);
}

/* Asked for what is flushed already, a flush leaves the rest alone; asked for
 * more than there is, it does what there is. */
static void test_store_flush__goes_as_far_as_asked(void **state)
{
    struct store_fixture *f = *state;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    assert_int_equal(store_flush(f->store, 1), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "2");
    assert_int_equal(store_flush(f->store, 1), ERROR_NONE);
    assert_int_equal(store_flushed(f->store), 1);
    assert_int_equal(store_flush(f->store, 99), ERROR_NONE);
    assert_int_equal(store_flushed(f->store), 2);
    fixture_crash(f);
    fixture_expect(f, TABLE_ROOMS, "a", "2");
}

/* A view shows one moment, whatever is written, flushed or deleted after. */
static void test_view_open__freezes_the_rows(void **state)
{
    struct store_fixture *f = *state;
    struct buffer text = BUFFER_EMPTY;
    struct view *before, *after;

    fixture_put(f, TABLE_ROOMS, "a", "1");
    fixture_put(f, TABLE_ROOMS, "b", "1");
    fixture_commit(f);
    assert_int_equal(view_open(f->store, &before), ERROR_NONE);
    fixture_put(f, TABLE_ROOMS, "a", "2");
    fixture_delete(f, TABLE_ROOMS, "b");
    fixture_put(f, TABLE_ROOMS, "c", "2");
    fixture_commit(f);
    assert_int_equal(view_open(f->store, &after), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "3");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    fixture_put_commit(f, TABLE_ROOMS, "a", "4");

    assert_int_equal(view_applied(before), 1);
    assert_int_equal(rows_text(before, TABLE_ROOMS, (struct range){0}, &text),
                     ERROR_NONE);
    assert_slice_text(buffer_slice(&text), "a=1 b=1 ");
    assert_int_equal(view_applied(after), 2);
    assert_int_equal(rows_text(after, TABLE_ROOMS, (struct range){0}, &text),
                     ERROR_NONE);
    assert_slice_text(buffer_slice(&text), "a=2 c=2 ");
    assert_int_equal(view_get(before, TABLE_ROOMS, SLICE_LITERAL("a"), &text),
                     ERROR_NONE);
    assert_slice_text(buffer_slice(&text), "1");
    assert_int_equal(view_get(before, TABLE_ROOMS, SLICE_LITERAL("c"), &text),
                     ERROR_NOT_FOUND);
    fixture_expect(f, TABLE_ROOMS, "a", "4");
    view_close(before);
    view_close(after);
    view_close(NULL);
    buffer_deinit(&text);
}

/* What a walk over "b" "bb" "d" shows between two bounds. */
static void range_expect(struct store_fixture *f, const char *lower,
                         const char *upper, const char *forward,
                         const char *backward)
{
    struct range range = {slice_of_text(lower), slice_of_text(upper), false};
    struct buffer text = BUFFER_EMPTY;
    struct view *view;

    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    assert_int_equal(rows_text(view, TABLE_ROOMS, range, &text), ERROR_NONE);
    assert_true(slice_equal_text(buffer_slice(&text), forward));
    range.backward = true;
    assert_int_equal(rows_text(view, TABLE_ROOMS, range, &text), ERROR_NONE);
    assert_true(slice_equal_text(buffer_slice(&text), backward));
    view_close(view);
    buffer_deinit(&text);
}

/* Bounds: the lower one is in, the upper one out, none means all; rows of
 * other tables and deleted rows never show. */
static void test_cursor_next__keeps_to_its_bounds(void **state)
{
    struct store_fixture *f = *state;

    range_expect(f, "", "", "", "");
    fixture_put(f, TABLE_USERS, "c", "other");
    fixture_put(f, TABLE_ROLES, "a", "other");
    fixture_put_commit(f, TABLE_ROOMS, "b", "1");
    range_expect(f, "", "", "b=1 ", "b=1 ");
    range_expect(f, "b", "", "b=1 ", "b=1 ");
    range_expect(f, "", "b", "", "");
    fixture_put(f, TABLE_ROOMS, "bb", "2");
    fixture_put(f, TABLE_ROOMS, "c", "gone");
    fixture_put_commit(f, TABLE_ROOMS, "d", "3");
    fixture_delete(f, TABLE_ROOMS, "c");
    fixture_commit(f);
    for (int flushed = 0; flushed < 2; flushed++) {
        range_expect(f, "", "", "b=1 bb=2 d=3 ", "d=3 bb=2 b=1 ");
        range_expect(f, "a", "z", "b=1 bb=2 d=3 ", "d=3 bb=2 b=1 ");
        range_expect(f, "b", "d", "b=1 bb=2 ", "bb=2 b=1 ");
        range_expect(f, "ba", "bc", "bb=2 ", "bb=2 ");
        range_expect(f, "bb", "", "bb=2 d=3 ", "d=3 bb=2 ");
        range_expect(f, "e", "", "", "");
        range_expect(f, "", "a", "", "");
        range_expect(f, "c", "d", "", "");
        range_expect(f, "d", "b", "", "");
        assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
    }
}

/* The end stays the end; a walk left early can be left. */
static void test_cursor_next__ends_once_and_for_all(void **state)
{
    struct store_fixture *f = *state;
    struct cursor *cursor;
    struct view *view;
    struct row row;

    fixture_put(f, TABLE_ROOMS, "a", "1");
    fixture_put_commit(f, TABLE_ROOMS, "b", "2");
    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    assert_int_equal(cursor_open(view, TABLE_ROOMS, (struct range){0}, &cursor),
                     ERROR_NONE);
    assert_int_equal(cursor_next(cursor, &row), ERROR_NONE);
    assert_slice_text(row.key, "a");
    assert_int_equal(cursor_next(cursor, &row), ERROR_NONE);
    assert_slice_text(row.value, "2");
    assert_int_equal(cursor_next(cursor, &row), ERROR_NOT_FOUND);
    assert_int_equal(cursor_next(cursor, &row), ERROR_NOT_FOUND);
    cursor_close(cursor);
    assert_int_equal(cursor_open(view, TABLE_ROOMS,
                                 (struct range){.backward = true}, &cursor),
                     ERROR_NONE);
    assert_int_equal(cursor_next(cursor, &row), ERROR_NONE);
    assert_slice_text(row.key, "b");
    cursor_close(cursor);
    cursor_close(NULL);
    view_close(view);
}

/* How history is read: the last messages of one room, newest first, with
 * rooms on both sides. */
static void test_cursor_next__last_messages_of_a_room(void **state)
{
    struct store_fixture *f = *state;
    struct key lower, upper, key;
    struct cursor *cursor;
    struct view *view;
    struct row row;

    for (uint64_t room = 1; room <= 3; room++) {
        for (uint64_t message = 1; message <= 300; message++) {
            key_build(TABLE_MESSAGES, (uint64_t[]){room, message}, &key);
            batch_put(f->batch, TABLE_MESSAGES, key_slice(&key),
                      SLICE_LITERAL("text"));
        }
    }
    fixture_commit(f);
    key_prefix(TABLE_MESSAGES, 1, (uint64_t[]){2}, &lower);
    upper = lower;
    key_after(&upper);
    assert_int_equal(view_open(f->store, &view), ERROR_NONE);
    assert_int_equal(
        cursor_open(view, TABLE_MESSAGES,
                    (struct range){key_slice(&lower), key_slice(&upper), true},
                    &cursor),
        ERROR_NONE);
    for (uint64_t message = 300; message > 0; message--) {
        uint64_t parts[KEY_PARTS_MAX];

        assert_int_equal(cursor_next(cursor, &row), ERROR_NONE);
        assert_int_equal(key_read(TABLE_MESSAGES, row.key, parts), ERROR_NONE);
        assert_int_equal(parts[0], 2);
        assert_int_equal(parts[1], message);
    }
    assert_int_equal(cursor_next(cursor, &row), ERROR_NOT_FOUND);
    cursor_close(cursor);
    view_close(view);
}

/* A thread that looks at the store while another commits. */
struct watcher {
    struct store *store;
    _Atomic bool stop;
    _Atomic unsigned views;
    _Atomic bool torn; /* A view did not show one commit. */
};

/* Each commit writes its index to both ends of two tables. */
static bool view_is_whole(struct view *view)
{
    static const enum table tables[] = {TABLE_ROOMS, TABLE_MESSAGES};
    static const char *const keys[] = {"a", "z"};
    struct buffer value = BUFFER_EMPTY;
    bool whole = true;

    for (int i = 0; i < 4 && view_applied(view) > 0; i++) {
        if (view_get(view, tables[i / 2], slice_of_text(keys[i % 2]), &value) !=
                ERROR_NONE ||
            value.len != 8 || get_le64(value.data) != view_applied(view)) {
            whole = false;
        }
    }
    buffer_deinit(&value);
    return whole;
}

static void *watch(void *context)
{
    struct watcher *watcher = context;
    struct view *view;

    while (!atomic_load(&watcher->stop) && !watcher->torn) {
        if (view_open(watcher->store, &view) != ERROR_NONE) {
            watcher->torn = true;
            break;
        }
        for (int i = 0; i < 5; i++) {
            watcher->torn |= !view_is_whole(view);
        }
        view_close(view);
        watcher->views += 1;
    }
    return NULL;
}

static void index_commit(struct store_fixture *f)
{
    uint8_t value[8];

    put_le64(value, f->index + 1);
    for (int i = 0; i < 4; i++) {
        batch_put(f->batch, i < 2 ? TABLE_ROOMS : TABLE_MESSAGES,
                  slice_of_text(i % 2 == 0 ? "a" : "z"), slice_of(value, 8));
    }
    fixture_commit(f);
}

/* Views opened on another thread while commits and flushes go on show whole
 * commits, and the same rows each time they are read. */
static void test_view_open__on_another_thread(void **state)
{
    struct store_fixture *f = *state;
    struct watcher watcher = {.store = f->store};
    pthread_t thread;

    index_commit(f);
    assert_int_equal(pthread_create(&thread, NULL, watch, &watcher), 0);
    for (int i = 0; i < 2000 || (watcher.views < 100 && !watcher.torn); i++) {
        index_commit(f);
        if (i % 500 == 250) {
            assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);
        }
    }
    atomic_store(&watcher.stop, true);
    pthread_join(thread, NULL);
    assert_false(watcher.torn);
}

/* A checkpoint opens as a store of its own at the index it tells, and neither
 * side sees what the other does after. */
static void test_store_checkpoint__is_a_store_at_its_index(void **state)
{
    struct store_fixture *f = *state;
    struct store *copy;
    struct buffer value = BUFFER_EMPTY;
    uint64_t index;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    fixture_put_commit(f, TABLE_ROOMS, "b", "2");
    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(index, 2);
    fixture_put_commit(f, TABLE_ROOMS, "a", "3");
    assert_int_equal(store_flush(f->store, UINT64_MAX), ERROR_NONE);

    assert_int_equal(store_open(f->other, NULL, &copy), ERROR_NONE);
    assert_int_equal(store_applied(copy), 2);
    assert_int_equal(store_flushed(copy), 2);
    assert_int_equal(store_get(copy, TABLE_ROOMS, SLICE_LITERAL("a"), &value),
                     ERROR_NONE);
    assert_slice_text(buffer_slice(&value), "1");
    fixture_put(f, TABLE_ROOMS, "a", "4");
    assert_int_equal(store_commit(copy, f->batch, 3), ERROR_NONE);
    batch_clear(f->batch);
    assert_int_equal(store_close(copy), ERROR_NONE);
    fixture_expect(f, TABLE_ROOMS, "a", "3");
    assert_int_equal(files_remove(f->other), ERROR_NONE);
    fixture_crash(f);
    fixture_expect(f, TABLE_ROOMS, "a", "3");
    buffer_deinit(&value);
}

/* Nothing is made over what exists, and what exists stays. */
static void test_store_checkpoint__where_one_is(void **state)
{
    struct store_fixture *f = *state;
    uint64_t index;

    fixture_put_commit(f, TABLE_ROOMS, "a", "1");
    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(store_checkpoint(f->store, f->other, &index),
                     ERROR_EXISTS);
    assert_int_equal(checkpoint_verify(f->other), ERROR_NONE);
}

/* A thread that commits while the test makes checkpoints. */
struct committer {
    struct store_fixture *f;
    _Atomic bool stop;
};

static void *commit_all(void *context)
{
    struct committer *committer = context;

    while (!atomic_load(&committer->stop)) {
        index_commit(committer->f);
    }
    return NULL;
}

static void read_whole(const char *directory, const char *name,
                       struct buffer *bytes)
{
    char path[FILES_PATH_BYTES_MAX];
    size_t got;

    assert_int_equal(files_path(path, directory, name), ERROR_NONE);
    do {
        uint8_t *to = buffer_reserve(bytes, 65536);

        assert_non_null(to);
        assert_int_equal(files_read(path, bytes->len, to, 65536, &got),
                         ERROR_NONE);
        bytes->len += got;
    } while (got > 0);
}

/* Two copies of a store, and how many files they have in common by name. */
struct copies {
    const char *one, *other;
    unsigned common;
};

/* Check that a file of both copies has two checksums when it is two files. */
static enum error compare_sums(void *context, const struct files_entry *entry)
{
    struct copies *copies = context;
    struct buffer a = BUFFER_EMPTY, b = BUFFER_EMPTY;
    char path[FILES_PATH_BYTES_MAX];
    uint8_t byte;
    size_t got;

    assert_int_equal(files_path(path, copies->other, entry->name), ERROR_NONE);
    if (entry->is_directory ||
        files_read(path, 0, &byte, 1, &got) != ERROR_NONE) {
        return ERROR_NONE;
    }
    copies->common += 1;
    read_whole(copies->one, entry->name, &a);
    read_whole(copies->other, entry->name, &b);
    if (!slice_equal(buffer_slice(&a), buffer_slice(&b))) {
        assert_int_not_equal(checksum_of(a.data, a.len),
                             checksum_of(b.data, b.len));
    }
    buffer_deinit(&a);
    buffer_deinit(&b);
    return ERROR_NONE;
}

/* A follower keeps files of a copy before that the new list names with the
 * same length and checksum: so no file may end in a checksum of its own that
 * makes that of the whole the same for all. */
static void test_store_checkpoint__files_have_sums_of_their_own(void **state)
{
    struct store_fixture *f = *state;
    char second[FILES_PATH_BYTES_MAX];
    struct copies copies = {f->other, second, 0};
    uint64_t index;

    assert_int_equal(files_path(second, f->directory, "second"), ERROR_NONE);
    fixture_put_commit(f, TABLE_USERS, "k", "1");
    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    fixture_put_commit(f, TABLE_USERS, "k", "2");
    assert_int_equal(store_checkpoint(f->store, second, &index), ERROR_NONE);
    assert_int_equal(files_list(f->other, compare_sums, &copies), ERROR_NONE);
    assert_true(copies.common > 1);
}

/* Commits go on while a checkpoint is made, and it still holds exactly the
 * rows of the index it tells. */
static void test_store_checkpoint__while_commits_go_on(void **state)
{
    struct store_fixture *f = *state;
    struct committer committer = {.f = f};
    pthread_t thread;

    index_commit(f);
    assert_int_equal(pthread_create(&thread, NULL, commit_all, &committer), 0);
    for (int i = 0; i < 5; i++) {
        struct store *copy;
        struct view *view;
        uint64_t index;

        assert_int_equal(store_checkpoint(f->store, f->other, &index),
                         ERROR_NONE);
        assert_int_equal(store_open(f->other, NULL, &copy), ERROR_NONE);
        assert_int_equal(view_open(copy, &view), ERROR_NONE);
        assert_int_equal(view_applied(view), index);
        assert_true(view_is_whole(view));
        view_close(view);
        store_abandon(copy);
        assert_int_equal(files_remove(f->other), ERROR_NONE);
    }
    atomic_store(&committer.stop, true);
    pthread_join(thread, NULL);
}

#define RUN_STORE(test)                                                        \
    RUN_IN(test, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_STORE(test_store_format__makes_an_empty_store),
        RUN_STORE(test_store_open__refuses_what_is_no_store),
        RUN_STORE(test_store_commit__shows_rows_and_index_together),
        RUN_STORE(test_store_commit__later_rows_of_a_batch_win),
        RUN_STORE(test_store_commit__takes_nothing_and_empty_values),
        RUN_STORE(test_store_get__large_value),
        RUN_STORE(test_store_abandon__drops_back_to_the_last_flush),
        RUN_STORE(test_store_close__keeps_everything),
        RUN_STORE(test_store_flush__goes_as_far_as_asked),
        RUN_STORE(test_view_open__freezes_the_rows),
        RUN_STORE(test_cursor_next__keeps_to_its_bounds),
        RUN_STORE(test_cursor_next__ends_once_and_for_all),
        RUN_STORE(test_cursor_next__last_messages_of_a_room),
        RUN_STORE(test_view_open__on_another_thread),
        RUN_STORE(test_store_checkpoint__is_a_store_at_its_index),
        RUN_STORE(test_store_checkpoint__where_one_is),
        RUN_STORE(test_store_checkpoint__files_have_sums_of_their_own),
        RUN_STORE(test_store_checkpoint__while_commits_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

static const char *scratch_above = "/tmp";

void scratch_in_memory(void)
{
    if (access("/dev/shm", W_OK | X_OK) == 0) {
        scratch_above = "/dev/shm";
    }
}

void scratch_make(char *path)
{
    static unsigned made;

    made += 1;
    snprintf(path, FILES_PATH_BYTES_MAX, "%s/perch-store-%d-%u", scratch_above,
             (int)getpid(), made);
    assert_int_equal(files_make_directory(scratch_above), ERROR_NONE);
    files_remove(path);
    assert_int_equal(files_make_directory(path), ERROR_NONE);
}

/* From where to where a directory is copied. */
struct copying {
    const char *from, *to;
};

static enum error copy_file(void *context, const struct files_entry *entry)
{
    enum { PIECE = 8192 };
    const struct copying *copying = context;
    uint8_t piece[PIECE];
    char source[FILES_PATH_BYTES_MAX], target[FILES_PATH_BYTES_MAX];
    size_t got;

    TRY(files_path(source, copying->from, entry->name));
    TRY(files_path(target, copying->to, entry->name));
    TRY(files_write(target, 0, "", 0));
    for (uint64_t at = 0; at < entry->bytes; at += got) {
        TRY(files_read(source, at, piece, PIECE, &got));
        TRY(files_write(target, at, piece, got));
    }
    return files_sync(target);
}

enum error scratch_copy(const char *from, const char *to)
{
    enum error error = files_remove(to);

    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(files_make_directory(to));
    TRY(files_list(from, copy_file, &(struct copying){from, to}));
    return files_sync(to);
}

int store_fixture_setup(void **state)
{
    struct store_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    scratch_make(f->directory);
    assert_int_equal(files_path(f->path, f->directory, "store"), ERROR_NONE);
    assert_int_equal(files_path(f->other, f->directory, "other"), ERROR_NONE);
    f->batch = batch_new();
    assert_non_null(f->batch);
    assert_int_equal(store_format(f->path), ERROR_NONE);
    fixture_open(f);
    *state = f;
    return 0;
}

int store_fixture_teardown(void **state)
{
    struct store_fixture *f = *state;

    store_abandon(f->store);
    batch_free(f->batch);
    assert_int_equal(files_remove(f->directory), ERROR_NONE);
    free(f);
    return 0;
}

void fixture_put(struct store_fixture *f, enum table table, const char *key,
                 const char *value)
{
    batch_put(f->batch, table, slice_of_text(key), slice_of_text(value));
}

void fixture_delete(struct store_fixture *f, enum table table, const char *key)
{
    batch_delete(f->batch, table, slice_of_text(key));
}

void fixture_commit(struct store_fixture *f)
{
    f->index += 1;
    assert_int_equal(store_commit(f->store, f->batch, f->index), ERROR_NONE);
    assert_int_equal(store_applied(f->store), f->index);
    batch_clear(f->batch);
}

void fixture_put_commit(struct store_fixture *f, enum table table,
                        const char *key, const char *value)
{
    fixture_put(f, table, key, value);
    fixture_commit(f);
}

void fixture_open(struct store_fixture *f)
{
    assert_int_equal(store_open(f->path, NULL, &f->store), ERROR_NONE);
    f->index = store_applied(f->store);
}

void fixture_crash(struct store_fixture *f)
{
    store_abandon(f->store);
    f->store = NULL;
    fixture_open(f);
}

void fixture_expect(struct store_fixture *f, enum table table, const char *key,
                    const char *value)
{
    struct buffer found = BUFFER_EMPTY;
    enum error error = store_get(f->store, table, slice_of_text(key), &found);

    if (value == NULL) {
        assert_int_equal(error, ERROR_NOT_FOUND);
    } else {
        assert_int_equal(error, ERROR_NONE);
        assert_true(slice_equal_text(buffer_slice(&found), value));
    }
    buffer_deinit(&found);
}

enum error rows_text(struct view *view, enum table table, struct range range,
                     struct buffer *text)
{
    struct cursor *cursor;
    struct row row;
    enum error error;

    buffer_clear(text);
    TRY(cursor_open(view, table, range, &cursor));
    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        buffer_printf(text, "%.*s=%.*s ", SLICE_PRINT(row.key),
                      SLICE_PRINT(row.value));
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error table_dump(struct view *view, enum table table,
                             struct buffer *dump)
{
    struct range all = {0};
    struct cursor *cursor;
    struct row row;
    enum error error;

    TRY(cursor_open(view, table, all, &cursor));
    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        if (table == TABLE_META && row.key.data[0] == META_APPLIED) {
            continue;
        }
        buffer_printf(dump, "%s %zu %zu ", table_name(table), row.key.len,
                      row.value.len);
        buffer_append_slice(dump, row.key);
        buffer_append_slice(dump, row.value);
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error rows_dump(struct store *store, struct buffer *dump)
{
    struct view *view;
    enum error error = ERROR_NONE;

    buffer_clear(dump);
    TRY(view_open(store, &view));
    for (enum table i = 0; i < TABLE_COUNT && error == ERROR_NONE; i++) {
        error = table_dump(view, i, dump);
    }
    view_close(view);
    return error;
}

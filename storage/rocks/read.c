#include "storage/cursor.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "storage/rocks/reason.h"
#include "storage/rocks/rocks.h"

struct view {
    struct store *store;
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *options;
    uint64_t applied;
    unsigned cursors; /* Open ones. */
};

struct cursor {
    struct view *view;
    rocksdb_readoptions_t *options;
    rocksdb_iterator_t *iterator;
    bool backward;
    bool begun;
    enum error ended; /* NOT_FOUND or why the walk broke off; NONE before. */
    struct key lower; /* RocksDB borrows the bounds. */
    struct key upper;
};

enum error store_get(struct store *store, enum table table, struct slice key,
                     struct buffer *value_out)
{
    return rocks_get(&store->rocks, store->path, store->latest, table, key,
                     value_out);
}

enum error view_open(struct store *store, struct view **view_out)
{
    struct view *view = calloc(1, sizeof(*view));
    enum error error;

    if (view == NULL) {
        return ERROR_NO_MEMORY;
    }
    view->store = store;
    view->snapshot = rocksdb_create_snapshot(store->rocks.db);
    view->options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(view->options, 1);
    rocksdb_readoptions_set_snapshot(view->options, view->snapshot);
    atomic_fetch_add(&store->views, 1);
    error = rocks_applied(&store->rocks, store->path, view->options,
                          &view->applied);
    if (error != ERROR_NONE) {
        view_close(view);
        return error;
    }
    *view_out = view; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void view_close(struct view *view)
{
    if (view == NULL) {
        return;
    }
    CHECK(view->cursors == 0);
    rocksdb_release_snapshot(view->store->rocks.db, view->snapshot);
    rocksdb_readoptions_destroy(view->options);
    atomic_fetch_sub(&view->store->views, 1);
    free(view);
}

uint64_t view_applied(const struct view *view)
{
    return view->applied;
}

enum error view_get(struct view *view, enum table table, struct slice key,
                    struct buffer *value_out)
{
    return rocks_get(&view->store->rocks, view->store->path, view->options,
                     table, key, value_out);
}

static void bound_copy(struct key *bound, struct slice key)
{
    CHECK(key.len <= sizeof(bound->bytes));
    bound->len = key.len;
    if (key.len > 0) {
        memcpy(bound->bytes, key.data, key.len);
    }
}

/* Make a cursor's own read options: RocksDB keeps bounds in them. */
static void bounds_set(struct cursor *cursor, struct range range)
{
    bound_copy(&cursor->lower, range.lower);
    bound_copy(&cursor->upper, range.upper);
    if (cursor->lower.len > 0) {
        rocksdb_readoptions_set_iterate_lower_bound(
            cursor->options, (const char *)cursor->lower.bytes,
            cursor->lower.len);
    }
    if (cursor->upper.len > 0) {
        rocksdb_readoptions_set_iterate_upper_bound(
            cursor->options, (const char *)cursor->upper.bytes,
            cursor->upper.len);
    }
}

enum error cursor_open(struct view *view, enum table table, struct range range,
                       struct cursor **cursor_out)
{
    struct cursor *cursor = calloc(1, sizeof(*cursor));
    struct rocks *rocks = &view->store->rocks;

    CHECK((unsigned)table < TABLE_COUNT);
    if (cursor == NULL) {
        return ERROR_NO_MEMORY;
    }
    cursor->view = view;
    cursor->backward = range.backward;
    cursor->options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(cursor->options, 1);
    rocksdb_readoptions_set_snapshot(cursor->options, view->snapshot);
    bounds_set(cursor, range);
    cursor->iterator = rocksdb_create_iterator_cf(rocks->db, cursor->options,
                                                  rocks->families[table]);
    view->cursors += 1;
    *cursor_out = cursor;
    return ERROR_NONE;
}

void cursor_close(struct cursor *cursor)
{
    if (cursor == NULL) {
        return;
    }
    rocksdb_iter_destroy(cursor->iterator);
    rocksdb_readoptions_destroy(cursor->options);
    cursor->view->cursors -= 1;
    free(cursor);
}

static void step(struct cursor *cursor)
{
    if (!cursor->begun && cursor->backward) {
        rocksdb_iter_seek_to_last(cursor->iterator);
    } else if (!cursor->begun) {
        rocksdb_iter_seek_to_first(cursor->iterator);
    } else if (cursor->backward) {
        rocksdb_iter_prev(cursor->iterator);
    } else {
        rocksdb_iter_next(cursor->iterator);
    }
    cursor->begun = true;
}

/* Why is there no row: the end, or damage? */
static enum error end_ask(struct cursor *cursor)
{
    char *reason = NULL;

    rocksdb_iter_get_error(cursor->iterator, &reason);
    if (reason == NULL) {
        return ERROR_NOT_FOUND;
    }
    return reason_take("store_read_failed", cursor->view->store->path, reason);
}

enum error cursor_next(struct cursor *cursor, struct row *row_out)
{
    const char *key, *value;
    size_t key_bytes, value_bytes;

    TRY(cursor->ended);
    step(cursor);
    if (!rocksdb_iter_valid(cursor->iterator)) {
        cursor->ended = end_ask(cursor);
        return cursor->ended;
    }
    key = rocksdb_iter_key(cursor->iterator, &key_bytes);
    value = rocksdb_iter_value(cursor->iterator, &value_bytes);
    *row_out =
        (struct row){slice_of(key, key_bytes), slice_of(value, value_bytes)};
    return ERROR_NONE;
}

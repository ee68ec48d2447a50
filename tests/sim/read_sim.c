#include "storage/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/live_sim.h"

/* Views and cursors of the store of perch-sim. */

bool store_is_dead(const struct store *store)
{
    return store->life != store->live->life;
}

enum error store_read_check(const struct store *store)
{
    if (store_is_dead(store)) {
        return ERROR_CLOSED;
    }
    return store->live->rotten ? ERROR_ROTTEN : ERROR_NONE;
}

/* Read one row under the lock. */
static enum error row_get(struct store *store, uint64_t index, enum table table,
                          struct slice key, struct buffer *value_out)
{
    struct slice value;

    TRY(store_read_check(store));
    if (!rows_get(store->live->rows, index, table, key, &value)) {
        return ERROR_NOT_FOUND;
    }
    buffer_clear(value_out);
    buffer_append_slice(value_out, value);
    return buffer_failed(value_out) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error store_get(struct store *store, enum table table, struct slice key,
                     struct buffer *value_out)
{
    enum error error;

    pthread_mutex_lock(&store->live->lock);
    error = row_get(store, store->live->applied, table, key, value_out);
    pthread_mutex_unlock(&store->live->lock);
    return error;
}

struct view {
    struct store *store;
    struct rows_pin pin;
    unsigned cursors;
};

struct cursor {
    struct view *view;
    enum table table;
    struct range range; /* Its bounds lie in the keys below. */
    struct key lower;
    struct key upper;
    struct key last; /* Of the row before; its len is 0 at the start. */
    enum error ended;
};

enum error view_open(struct store *store, struct view **view_out)
{
    struct view *view = calloc(1, sizeof(*view));
    enum error error;

    CHECK(view != NULL);
    view->store = store;
    pthread_mutex_lock(&store->live->lock);
    error = store_read_check(store);
    if (error == ERROR_NONE) {
        view->pin.index = store->live->applied;
        rows_pin(store->live->rows, &view->pin);
        store->views += 1;
    }
    pthread_mutex_unlock(&store->live->lock);
    if (error != ERROR_NONE) {
        free(view);
        return error;
    }
    *view_out = view;
    return ERROR_NONE;
}

void view_close(struct view *view)
{
    if (view == NULL) {
        return;
    }
    CHECK(view->cursors == 0);
    pthread_mutex_lock(&view->store->live->lock);
    if (!store_is_dead(view->store)) {
        rows_unpin(&view->pin);
    }
    view->store->views -= 1;
    pthread_mutex_unlock(&view->store->live->lock);
    free(view);
}

uint64_t view_applied(const struct view *view)
{
    return view->pin.index;
}

enum error view_get(struct view *view, enum table table, struct slice key,
                    struct buffer *value_out)
{
    enum error error;

    pthread_mutex_lock(&view->store->live->lock);
    error = row_get(view->store, view->pin.index, table, key, value_out);
    pthread_mutex_unlock(&view->store->live->lock);
    return error;
}

static struct slice key_keep(struct key *key, struct slice bytes)
{
    CHECK(bytes.len <= sizeof(key->bytes));
    key->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(key->bytes, bytes.data, bytes.len);
    }
    return key_slice(key);
}

enum error cursor_open(struct view *view, enum table table, struct range range,
                       struct cursor **cursor_out)
{
    struct cursor *cursor = calloc(1, sizeof(*cursor));

    CHECK(cursor != NULL);
    CHECK((unsigned)table < TABLE_COUNT);
    cursor->view = view;
    cursor->table = table;
    cursor->range.backward = range.backward;
    cursor->range.lower = key_keep(&cursor->lower, range.lower);
    cursor->range.upper = key_keep(&cursor->upper, range.upper);
    view->cursors += 1;
    *cursor_out = cursor;
    return ERROR_NONE;
}

void cursor_close(struct cursor *cursor)
{
    if (cursor != NULL) {
        cursor->view->cursors -= 1;
        free(cursor);
    }
}

/* Step under the lock. */
static enum error cursor_step(struct cursor *cursor, struct row *row_out)
{
    struct store *store = cursor->view->store;
    struct slice last = key_slice(&cursor->last);

    TRY(store_read_check(store));
    if (!rows_step(store->live->rows, cursor->view->pin.index, cursor->table,
                   &cursor->range, last.len == 0 ? NULL : &last, row_out)) {
        return ERROR_NOT_FOUND;
    }
    key_keep(&cursor->last, row_out->key);
    return ERROR_NONE;
}

enum error cursor_next(struct cursor *cursor, struct row *row_out)
{
    struct live *live = cursor->view->store->live;

    TRY(cursor->ended);
    pthread_mutex_lock(&live->lock);
    cursor->ended = cursor_step(cursor, row_out);
    pthread_mutex_unlock(&live->lock);
    return cursor->ended;
}

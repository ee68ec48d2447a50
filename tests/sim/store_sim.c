#include "tests/sim/store_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "storage/checkpoint.h"
#include "storage/files.h"
#include "tests/sim/files_sim.h"
#include "tests/sim/live_sim.h"

/* The calls of storage/store.h over rows in memory. A handle outlives the
 * crash of its store only to be told so. */

static uint64_t flush_every;

void store_sim_flush_every(uint64_t commits)
{
    flush_every = commits;
}

enum error store_sim_rot(const char *path)
{
    struct files_sim_object **slot;
    struct live *live;

    TRY(files_sim_object(path, &slot));
    live = (struct live *)*slot;
    if (live == NULL) {
        return ERROR_NOT_FOUND;
    }
    pthread_mutex_lock(&live->lock);
    live->rotten = true;
    pthread_mutex_unlock(&live->lock);
    return ERROR_NONE;
}

/* The row that each commit writes besides those of its batch. */
static void applied_put(struct live *live, uint64_t index)
{
    uint8_t key[] = {META_APPLIED}, value[sizeof(index)];

    put_le64(value, index);
    rows_put(live->rows, index, TABLE_META, slice_of(key, sizeof(key)),
             slice_of(value, sizeof(value)), false);
}

enum error store_format(const char *path)
{
    struct files_sim_object **slot;
    enum error error = files_sim_object(path, &slot);
    struct live *live;

    if (error != ERROR_NOT_FOUND) {
        return error == ERROR_NONE ? ERROR_EXISTS : error;
    }
    TRY(files_make_directory(path));
    TRY(files_sim_object(path, &slot));
    live = live_new(0);
    applied_put(live, 0);
    *slot = &live->object;
    return ERROR_NONE;
}

/* Find what is kept in a directory, from a checkpoint's files at first. */
static enum error live_find(const char *path, struct live **live_out)
{
    struct files_sim_object **slot;

    TRY(files_sim_object(path, &slot));
    if (*slot == NULL) {
        TRY(live_load(path, live_out));
        (*live_out)->copied = true;
        *slot = &(*live_out)->object;
    }
    *live_out = (struct live *)*slot;
    return ERROR_NONE;
}

/* A store reads the files it was copied as for as long as it lives: they must
 * have been durable when the power went. */
static enum error live_judge(struct live *live, const char *path)
{
    if (live->copied && live->doubtful) {
        TRY(checkpoint_verify(path));
    }
    live->doubtful = false;
    return ERROR_NONE;
}

static enum error live_open(struct live *live, const char *path)
{
    enum error error = live->open ? ERROR_BUSY : ERROR_NONE;

    if (live->rotten) {
        journal_error("store_rotten", "path=%s file=rows reason=\"rot\"", path);
        error = ERROR_ROTTEN;
    }
    if (error == ERROR_NONE) {
        live->open = true;
    }
    return error;
}

enum error store_open(const char *path, const struct store_options *options,
                      struct store **store_out)
{
    struct store_options wanted = STORE_OPTIONS_DEFAULT;
    struct store *store;
    struct live *live;
    enum error error;

    if (options != NULL) {
        wanted = *options;
    }
    if (wanted.memtable_bytes < STORE_MEMTABLE_BYTES_MIN ||
        wanted.cache_bytes < STORE_CACHE_BYTES_MIN) {
        return ERROR_INVALID;
    }
    TRY(live_find(path, &live));
    TRY(live_judge(live, path));
    pthread_mutex_lock(&live->lock);
    error = live_open(live, path);
    pthread_mutex_unlock(&live->lock);
    TRY(error);
    store = calloc(1, sizeof(*store));
    CHECK(store != NULL);
    live_hold(live);
    store->live = live;
    store->life = live->life;
    store->memtable_bytes = wanted.memtable_bytes;
    snprintf(store->path, sizeof(store->path), "%s", path);
    *store_out = store;
    return ERROR_NONE;
}

void store_abandon(struct store *store)
{
    if (store == NULL) {
        return;
    }
    pthread_mutex_lock(&store->live->lock);
    if (!store_is_dead(store)) {
        CHECK(store->views == 0);
        live_crash(store->live);
    }
    pthread_mutex_unlock(&store->live->lock);
    live_drop(store->live);
    free(store);
}

enum error store_close(struct store *store)
{
    enum error error = ERROR_NONE;

    if (store != NULL) {
        error = store_flush(store, UINT64_MAX);
        store_abandon(store);
    }
    return error;
}

/* RocksDB flushes by itself when its memtables are full. */
static void flush_when_full(struct live *live, uint64_t memtable_bytes)
{
    if ((flush_every != 0 && live->commits >= flush_every) ||
        live->bytes >= memtable_bytes) {
        live_persist(live);
    }
}

static void batch_take(struct live *live, const struct batch *batch,
                       uint64_t index)
{
    struct batch_row row;
    size_t at = 0;

    while (batch_next(batch, &at, &row)) {
        rows_put(live->rows, index, row.table, row.key, row.value, row.deleted);
    }
    applied_put(live, index);
    live->applied = index;
    live->commits += 1;
    live->bytes += batch_bytes(batch);
}

enum error store_commit(struct store *store, const struct batch *batch,
                        uint64_t applied_index)
{
    struct live *live = store->live;
    enum error error;

    pthread_mutex_lock(&live->lock);
    error = store_is_dead(store) ? ERROR_CLOSED : live->failed;
    if (error == ERROR_NONE) {
        CHECK(applied_index > live->applied);
        error = batch_failed(batch) ? ERROR_NO_MEMORY : ERROR_NONE;
        live->failed = error;
    }
    if (error == ERROR_NONE) {
        batch_take(live, batch, applied_index);
        flush_when_full(live, store->memtable_bytes);
    }
    pthread_mutex_unlock(&live->lock);
    return error;
}

uint64_t store_applied(const struct store *store)
{
    uint64_t index;

    pthread_mutex_lock(&store->live->lock);
    index = store->live->applied;
    pthread_mutex_unlock(&store->live->lock);
    return index;
}

uint64_t store_flushed(const struct store *store)
{
    uint64_t index;

    pthread_mutex_lock(&store->live->lock);
    index = store->live->flushed;
    pthread_mutex_unlock(&store->live->lock);
    return index;
}

static bool is_flushed(struct live *live, uint64_t index)
{
    bool flushed;

    pthread_mutex_lock(&live->lock);
    flushed = live->flushed >= (index < live->applied ? index : live->applied);
    pthread_mutex_unlock(&live->lock);
    return flushed;
}

enum error store_flush(struct store *store, uint64_t index)
{
    struct live *live = store->live;
    enum error change = ERROR_NONE, error;

    /* The disk has its own lock, which is never taken inside this one. */
    if (!is_flushed(live, index)) {
        change = files_sim_change(store->path);
    }
    pthread_mutex_lock(&live->lock);
    error = store_is_dead(store) ? ERROR_CLOSED : live->failed;
    if (error == ERROR_NONE) {
        error = change;
        live->failed = change;
    }
    if (error == ERROR_NONE &&
        live->flushed < (index < live->applied ? index : live->applied)) {
        live_persist(live);
        live->flushed = live->persisted;
    }
    pthread_mutex_unlock(&live->lock);
    return error;
}

static enum error files_make(struct store *store, const char *path,
                             uint64_t *index_out)
{
    TRY(files_make_directory(path));
    return live_save(store->live, path, index_out);
}

enum error store_checkpoint(struct store *store, const char *path,
                            uint64_t *index_out)
{
    struct files_sim_object **slot;
    enum error error = files_sim_object(path, &slot);

    if (error != ERROR_NOT_FOUND) {
        return error == ERROR_NONE ? ERROR_EXISTS : error;
    }
    TRY(store_flush(store, UINT64_MAX));
    error = files_make(store, path, index_out);
    if (error != ERROR_NONE) {
        files_remove(path);
    }
    return error;
}

enum error checkpoint_verify(const char *path)
{
    struct live *live;

    TRY(live_load(path, &live));
    live_drop(live);
    return ERROR_NONE;
}

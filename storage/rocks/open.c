#include "storage/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "storage/rocks/reason.h"
#include "storage/rocks/rocks.h"

/* From a directory to an open store and back. */

static void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    rocks_close(&store->rocks);
    rocks_options_deinit(&store->options);
    rocksdb_readoptions_destroy(store->latest);
    rocksdb_readoptions_destroy(store->persisted);
    rocksdb_writeoptions_destroy(store->no_log);
    rocksdb_writebatch_destroy(store->rows);
    pthread_mutex_destroy(&store->flushing);
    if (store->lock >= 0) {
        close(store->lock);
    }
    free(store);
}

static struct store *store_new(const char *path,
                               const struct store_options *options)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL) {
        return NULL;
    }
    snprintf(store->path, sizeof(store->path), "%s", path);
    store->lock = -1;
    rocks_options_init(&store->options, options);
    store->latest = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(store->latest, 1);
    store->persisted = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(store->persisted, 1);
    rocksdb_readoptions_set_read_tier(store->persisted, READ_PERSISTED);
    store->no_log = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->no_log, 1);
    store->rows = rocksdb_writebatch_create();
    pthread_mutex_init(&store->flushing, NULL);
    return store;
}

/* Write the index that an empty store has, so that its absence later is a
 * loss and nothing else. */
static enum error applied_begin(struct store *store)
{
    static const char key[] = {META_APPLIED};
    uint8_t value[sizeof(uint64_t)];
    char *reason = NULL;

    put_le64(value, 0);
    rocksdb_put_cf(store->rocks.db, store->no_log,
                   store->rocks.families[TABLE_META], key, sizeof(key),
                   (const char *)value, sizeof(value), &reason);
    return reason_take("store_format_failed", store->path, reason);
}

static enum error entry_ignore(void *context, const struct files_entry *entry)
{
    (void)context;
    (void)entry;
    return ERROR_NONE;
}

/* Make the database and flush its one row. */
static enum error database_make(struct store *store)
{
    char *reason = NULL;

    rocksdb_options_set_create_if_missing(store->options.options, 1);
    rocksdb_options_set_error_if_exists(store->options.options, 1);
    if (!rocks_open(&store->rocks, &store->options, store->path, false,
                    &reason)) {
        return reason_take("store_format_failed", store->path, reason);
    }
    TRY(applied_begin(store));
    return rocks_flush(&store->rocks, store->path);
}

enum error store_format(const char *path)
{
    struct store_options options = STORE_OPTIONS_DEFAULT;
    struct seal seal = {.tables = TABLE_COUNT};
    enum error error = files_list(path, entry_ignore, NULL);
    struct store *store;

    if (error != ERROR_NOT_FOUND) {
        return error == ERROR_NONE ? ERROR_EXISTS : error;
    }
    if (strlen(path) >= FILES_PATH_BYTES_MAX) {
        return ERROR_INVALID;
    }
    store = store_new(path, &options);
    if (store == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = database_make(store);
    store_free(store);
    TRY(error);
    TRY(seal_write(path, &seal));
    return files_sync(path);
}

/* New tables, and rows that RocksDB flushed by itself, count from here on. */
static enum error seal_renew(struct store *store)
{
    uint64_t applied;

    TRY(rocks_applied(&store->rocks, store->path, store->latest, &applied));
    atomic_init(&store->applied, applied);
    atomic_init(&store->flushed, applied);
    if (applied == store->seal.index && store->seal.tables == TABLE_COUNT) {
        return ERROR_NONE;
    }
    store->seal.index = applied;
    store->seal.tables = TABLE_COUNT;
    return seal_write(store->path, &store->seal);
}

/* Let one store_open at a time, of any process, have the directory; RocksDB's
 * own lock would come after the survey. */
static enum error lock_take(struct store *store)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_list(store->path, entry_ignore, NULL));
    TRY(files_path(path, store->path, SEAL_FILE));
    store->lock = open(path, O_RDONLY | O_CLOEXEC);
    if (store->lock >= 0 && flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
        journal_error("store_open_failed",
                      "path=%s reason=\"it is open already\"", store->path);
        return ERROR_BUSY;
    }
    return ERROR_NONE; /* Without a seal the survey has something to say. */
}

static enum error database_open(struct store *store)
{
    char *reason = NULL;

    TRY(lock_take(store));
    TRY(rocks_survey(store->path, &store->seal));
    if (!rocks_open(&store->rocks, &store->options, store->path, false,
                    &reason)) {
        return reason_take("store_open_failed", store->path, reason);
    }
    return seal_renew(store);
}

enum error store_open(const char *path, const struct store_options *options,
                      struct store **store_out)
{
    struct store_options wanted = STORE_OPTIONS_DEFAULT;
    struct store *store;
    enum error error;

    if (options != NULL) {
        wanted = *options;
    }
    if (wanted.memtable_bytes < STORE_MEMTABLE_BYTES_MIN ||
        wanted.cache_bytes < STORE_CACHE_BYTES_MIN ||
        strlen(path) >= FILES_PATH_BYTES_MAX) {
        return ERROR_INVALID;
    }
    store = store_new(path, &wanted);
    if (store == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = database_open(store);
    if (error != ERROR_NONE) {
        store_free(store);
        return error;
    }
    *store_out = store; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void store_abandon(struct store *store)
{
    if (store != NULL) {
        CHECK(atomic_load(&store->views) == 0);
        store_free(store);
    }
}

enum error store_close(struct store *store)
{
    enum error error;

    if (store == NULL) {
        return ERROR_NONE;
    }
    error = store_flush(store, UINT64_MAX);
    store_abandon(store);
    return error;
}

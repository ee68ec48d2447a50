#include "storage/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "storage/rocks/manifest.h"
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

static enum error rotten(const char *path, const char *file, const char *reason)
{
    journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", path, file,
                  reason);
    return ERROR_ROTTEN;
}

/* Tell whether a list of column families has a name. */
static bool listed(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* RocksDB would make tables anew that a damaged MANIFEST no longer names, so
 * those that were there must still be. It refuses unknown ones by itself. */
static enum error tables_check(const struct store *store)
{
    char *reason = NULL;
    const char *lost = NULL;
    size_t n = 0;
    char **names = rocksdb_list_column_families(store->options.options,
                                                store->path, &n, &reason);

    if (reason != NULL) {
        return reason_take("store_open_failed", store->path, reason);
    }
    for (uint32_t i = 0; i < store->seal.tables && lost == NULL; i++) {
        if (!listed(names, n, table_name((enum table)i))) {
            lost = table_name((enum table)i);
        }
    }
    rocksdb_list_column_families_destroy(names, n);
    return lost == NULL ? ERROR_NONE
                        : rotten(store->path, "MANIFEST", "a table is gone");
}

static enum error seal_check(struct store *store)
{
    enum error error;

    TRY(files_list(store->path, entry_ignore, NULL));
    error = seal_read(store->path, &store->seal);
    if (error == ERROR_NOT_FOUND || error == ERROR_ROTTEN) {
        return rotten(store->path, SEAL_FILE,
                      error == ERROR_ROTTEN ? "no slot is valid" : "missing");
    }
    if (error == ERROR_NONE && store->seal.tables > TABLE_COUNT) {
        error = ERROR_UNSUPPORTED;
    }
    if (error == ERROR_UNSUPPORTED) {
        journal_error("store_open_failed",
                      "path=%s reason=\"written by a newer perch\"",
                      store->path);
    }
    return error;
}

/* Read where the store stands, and compare with what it had been known to
 * hold. New tables count from here on. */
static enum error applied_check(struct store *store)
{
    uint64_t applied;

    TRY(rocks_applied(&store->rocks, store->path, store->latest, &applied));
    if (applied < store->seal.index) {
        journal_error("store_rotten",
                      "path=%s file=MANIFEST applied=%" PRIu64
                      " flushed=%" PRIu64 " reason=\"flushed rows are gone\"",
                      store->path, applied, store->seal.index);
        return ERROR_ROTTEN;
    }
    atomic_init(&store->applied, applied);
    atomic_init(&store->flushed, applied);
    if (applied > store->seal.index || store->seal.tables < TABLE_COUNT) {
        store->seal.index = applied;
        store->seal.tables = TABLE_COUNT;
        return seal_write(store->path, &store->seal);
    }
    return ERROR_NONE;
}

static enum error database_open(struct store *store)
{
    char *reason = NULL;

    TRY(seal_check(store));
    TRY(manifest_check(store->path));
    TRY(tables_check(store));
    if (!rocks_open(&store->rocks, &store->options, store->path, false,
                    &reason)) {
        return reason_take("store_open_failed", store->path, reason);
    }
    return applied_check(store);
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

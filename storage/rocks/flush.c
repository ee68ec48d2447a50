#include "storage/store.h"

#include <inttypes.h>

#include "proto/base/journal.h"
#include "storage/rocks/reason.h"
#include "storage/rocks/rocks.h"

/* What survives a crash: finding out, and adding to it. */

enum error store_fail(struct store *store, enum error error)
{
    enum error none = ERROR_NONE;

    if (error != ERROR_NONE) {
        atomic_compare_exchange_strong(&store->failed, &none, error);
    }
    return error;
}

/* Ask RocksDB why it has stopped: it says so to any write. */
static enum error stopped_ask(const struct rocks *rocks, const char *path)
{
    rocksdb_writeoptions_t *no_log = rocksdb_writeoptions_create();
    rocksdb_writebatch_t *nothing = rocksdb_writebatch_create();
    char *reason = NULL;

    rocksdb_writeoptions_disable_WAL(no_log, 1);
    rocksdb_write(rocks->db, no_log, nothing, &reason);
    rocksdb_writebatch_destroy(nothing);
    rocksdb_writeoptions_destroy(no_log);
    return reason_take("store_write_failed", path, reason);
}

enum error rocks_background_check(const struct rocks *rocks, const char *path)
{
    uint64_t errors = 0;
    enum error error;

    rocksdb_property_int(rocks->db, "rocksdb.background-errors", &errors);
    if (errors == 0) {
        return ERROR_NONE;
    }
    error = stopped_ask(rocks, path);
    if (error == ERROR_NONE) {
        /* RocksDB may try again and succeed; we do not wait for that. */
        journal_error("store_write_failed",
                      "path=%s reason=\"merging files failed\"", path);
        error = ERROR_STORE_IO;
    }
    return error;
}

/* rocksdb_flush_cf flushes the one column family it is given, alone, even with
 * atomic_flush (7.8.3): a crash then leaves an applied index without its rows.
 * Compacting a column family flushes all of them in one step first, and the
 * default one is empty, so that there is nothing to compact. */
enum error rocks_flush(const struct rocks *rocks, const char *path)
{
    rocksdb_compact_range_cf(rocks->db, rocks->families[FAMILY_DEFAULT], NULL,
                             0, NULL, 0);
    return rocks_background_check(rocks, path);
}

/* Bring what is persisted up to wanted, unless RocksDB has by itself. */
static enum error persist(struct store *store, uint64_t wanted,
                          uint64_t *persisted_out)
{
    const struct rocks *rocks = &store->rocks;

    TRY(rocks_applied(rocks, store->path, store->persisted, persisted_out));
    if (*persisted_out >= wanted) {
        return ERROR_NONE;
    }
    TRY(rocks_flush(rocks, store->path));
    TRY(rocks_applied(rocks, store->path, store->persisted, persisted_out));
    if (*persisted_out < wanted) {
        journal_error("store_write_failed",
                      "path=%s applied=%" PRIu64 " persisted=%" PRIu64
                      " reason=\"a flush left rows behind\"",
                      store->path, wanted, *persisted_out);
        return ERROR_STORE_IO;
    }
    return ERROR_NONE;
}

/* An index is called flushed only after the seal has it, so that no damage can
 * make the store forget what it was once relied on for. */
static enum error flush_and_seal(struct store *store, uint64_t wanted)
{
    uint64_t persisted;
    enum error error;

    if (store->seal.index >= wanted) {
        return ERROR_NONE;
    }
    TRY(persist(store, wanted, &persisted));
    store->seal.index = persisted;
    error = seal_write(store->path, &store->seal);
    if (error != ERROR_NONE) {
        return error == ERROR_IO ? ERROR_STORE_IO : error;
    }
    atomic_store(&store->flushed, persisted);
    return ERROR_NONE;
}

enum error store_flush(struct store *store, uint64_t index)
{
    uint64_t applied = atomic_load(&store->applied);
    enum error error = atomic_load(&store->failed);

    TRY(error);
    pthread_mutex_lock(&store->flushing);
    error = flush_and_seal(store, index < applied ? index : applied);
    pthread_mutex_unlock(&store->flushing);
    return store_fail(store, error);
}

uint64_t store_applied(const struct store *store)
{
    return atomic_load(&store->applied);
}

uint64_t store_flushed(const struct store *store)
{
    return atomic_load(&store->flushed);
}

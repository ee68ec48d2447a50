/* What the files of the RocksDB store share.
 *
 * The "default" column family that RocksDB insists on stays empty for ever:
 * store_flush needs it so (flush.c).
 *
 * Thread: as storage/store.h says of each function.
 */
#ifndef STORAGE_ROCKS_ROCKS_H
#define STORAGE_ROCKS_ROCKS_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "storage/files.h"
#include "storage/rocks/seal.h"
#include "storage/store.h"

enum { FAMILY_DEFAULT = TABLE_COUNT, FAMILY_COUNT };

/* RocksDB's enum ReadTier, which its C header leaves out. */
enum { READ_PERSISTED = 2 };

/* How a database is opened. */
struct rocks_options {
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *blocks;
    rocksdb_cache_t *cache; /* NULL where blocks are not kept. */
};

/* An open database: RocksDB's handle and its column families. */
struct rocks {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[FAMILY_COUNT];
};

struct store {
    char path[FILES_PATH_BYTES_MAX];
    int lock; /* The seal, locked against another store_open; -1: not yet. */
    struct rocks_options options;
    struct rocks rocks;
    rocksdb_readoptions_t *latest;
    rocksdb_readoptions_t *persisted; /* What a crash would leave. */
    rocksdb_writeoptions_t *no_log;
    rocksdb_writebatch_t *rows;
    _Atomic uint64_t applied;
    _Atomic uint64_t flushed;
    _Atomic enum error failed; /* The first write error; stays. */
    _Atomic unsigned views;
    pthread_mutex_t flushing; /* Held by one flush at a time; for seal. */
    struct seal seal;
};

/** Set how a store that is written to is opened. */
void rocks_options_init(struct rocks_options *options,
                        const struct store_options *wanted);

/**
 * Set how a checkpoint is read for a check: nothing is kept in memory, and
 * the page cache is passed by.
 *
 * @direct  False for file systems that cannot.
 */
void rocks_options_init_check(struct rocks_options *options, bool direct);

/** Free. Accepts what was never set but zeroed. */
void rocks_options_deinit(struct rocks_options *options);

/**
 * Open a database with all tables.
 *
 * @read_only   Write nothing, not even RocksDB's own journal.
 * @reason_out  RocksDB's text when it fails.
 *
 * Returns false when it fails.
 */
bool rocks_open(struct rocks *rocks, const struct rocks_options *options,
                const char *path, bool read_only, char **reason_out);

/** Close without a flush. Accepts one that is not open. */
void rocks_close(struct rocks *rocks);

/**
 * Read one row.
 *
 * @value_out  Its bytes are replaced.
 *
 * Returns NOT_FOUND, NO_MEMORY, ROTTEN or STORE_IO.
 */
enum error rocks_get(const struct rocks *rocks, const char *path,
                     const rocksdb_readoptions_t *how, enum table table,
                     struct slice key, struct buffer *value_out);

/**
 * Read the applied index.
 *
 * Returns ROTTEN, told to the journal, when there is no such row, for
 * store_format writes one.
 */
enum error rocks_applied(const struct rocks *rocks, const char *path,
                         const rocksdb_readoptions_t *how,
                         uint64_t *applied_out);

/**
 * Read the applied index of a directory that nobody writes to, changing
 * nothing in it.
 *
 * Returns as rocks_applied, or why it cannot be opened.
 */
enum error rocks_peek(const char *path, uint64_t *applied_out);

/**
 * Look a directory over before it is opened: seal, MANIFEST, and that what was
 * once flushed is there. So are then all tables it had.
 *
 * Returns ROTTEN, UNSUPPORTED, or what reading says; told to the journal.
 */
enum error rocks_survey(const char *path, struct seal *seal_out);

/**
 * Tell whether background work has failed since the database was opened.
 *
 * Returns NO_SPACE, ROTTEN or STORE_IO, told to the journal; NONE.
 */
enum error rocks_background_check(const struct rocks *rocks, const char *path);

/**
 * Flush all tables, in one step that a crash cannot divide.
 *
 * Returns NO_SPACE, ROTTEN or STORE_IO when RocksDB has stopped; NONE proves
 * nothing: look at what is persisted.
 */
enum error rocks_flush(const struct rocks *rocks, const char *path);

/**
 * Remember the first error of a write; every later commit answers with it.
 *
 * Returns error.
 */
enum error store_fail(struct store *store, enum error error);

#endif

/* The store: rows in tables, written by batches, each batch visible and
 * durable together with the log index it brings the state to.
 *
 * There is no write-ahead log here: raft's log is the log. A crash drops the
 * store back to its last flush, exactly, in all tables at once; the index it
 * then holds (store_applied) says where replay begins. So raft may forget an
 * entry only when store_flushed has reached it.
 *
 * Two implementations, chosen when a program is linked: storage/rocks (RocksDB)
 * and tests/sim (ordered rows in memory, for perch-sim). One suite of tests
 * holds for both.
 *
 * An error from a write is final: the store answers every later commit with
 * it, and the node stops. Damage is ERROR_ROTTEN with one journal line that
 * names the file and the reason; rows that are read are right.
 *
 * Thread: store_commit and store_get belong to the state loop; store_flush
 * blocks and belongs on a worker; what reads through a view
 * (storage/cursor.h) may run anywhere. store_open, store_close and
 * store_abandon must be alone.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "storage/batch.h"
#include "storage/keyspace.h"

struct store;

/* What a node may set; storage/README.md says what each costs and gives. */
struct store_options {
    uint64_t memtable_bytes; /* Rows not yet flushed, all tables together. */
    uint64_t cache_bytes;    /* Blocks of files kept in memory. */
};

/* The defaults: 64 MiB of each. */
#define STORE_OPTIONS_DEFAULT                                                  \
    ((struct store_options){.memtable_bytes = 64 << 20,                        \
                            .cache_bytes = 64 << 20})

enum {
    STORE_MEMTABLE_BYTES_MIN = 1 << 20,
    STORE_CACHE_BYTES_MIN = 1 << 20,
};

/**
 * Make an empty store, at index 0, in a directory that does not exist yet.
 *
 * Returns EXISTS when the path does. A crash inside leaves a directory that
 * is no store; storage/generation.h makes such leftovers harmless.
 */
enum error store_format(const char *path);

/**
 * Open a store, a checkpoint or a staged copy of one.
 *
 * @options  NULL for the defaults.
 *
 * Returns NOT_FOUND when there is no such directory; ROTTEN for damage, and
 * when it holds less than was once called flushed; UNSUPPORTED when a newer
 * perch has written it; BUSY when it is open already, here or in another
 * process; INVALID for options below the minimum; NO_SPACE, IO or STORE_IO
 * from the disk. Owned by the caller.
 */
enum error store_open(const char *path, const struct store_options *options,
                      struct store **store_out);

/**
 * Flush, close and free. Views must be closed. Accepts NULL.
 *
 * Returns what the flush did; the store is gone either way.
 */
enum error store_close(struct store *store);

/**
 * Close and free without a flush, as a crash would: what was not flushed is
 * dropped. For tests, and for a store that has failed. Accepts NULL.
 */
void store_abandon(struct store *store);

/**
 * Make a batch visible together with the log index it brings the state to.
 *
 * @batch          May be empty. Unchanged; clear it before it is used again.
 * @applied_index  More than store_applied.
 *
 * Returns NO_MEMORY, NO_SPACE, STORE_IO or ROTTEN, and the same at each later
 * call: background work that failed since the last commit is told here too.
 */
enum error store_commit(struct store *store, const struct batch *batch,
                        uint64_t applied_index);

/** Tell the log index of the last commit. Any thread. */
uint64_t store_applied(const struct store *store);

/**
 * Tell the highest log index that is known to survive a crash: what
 * store_flush, store_checkpoint or store_open last found. Any thread.
 */
uint64_t store_flushed(const struct store *store);

/**
 * Make all commits up to an index durable. Blocks; commits may go on.
 *
 * Does not write again what RocksDB has flushed by itself.
 *
 * @index  UINT64_MAX for all that is committed now.
 *
 * Returns NONE when store_flushed has reached the index, or as much of it as
 * was committed when the call began.
 */
enum error store_flush(struct store *store, uint64_t index);

/**
 * Read one row, as the last commit left it.
 *
 * @value_out  Its bytes are replaced. Untouched when there is no row.
 *
 * Returns NOT_FOUND, NO_MEMORY, STORE_IO or ROTTEN.
 */
enum error store_get(struct store *store, enum table table, struct slice key,
                     struct buffer *value_out);

#endif

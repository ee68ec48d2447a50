/* Rows to put and delete in one step: gathered while entries are applied,
 * made visible together by store_commit.
 *
 * Later rows win over earlier ones of the same key. Out of memory is
 * remembered, as in a buffer, and told by store_commit.
 *
 * Thread: the owner's.
 */
#ifndef STORAGE_BATCH_H
#define STORAGE_BATCH_H

#include <stdbool.h>

#include "proto/base/slice.h"
#include "storage/keyspace.h"

/* Far above any row of ours (an entry's command is at most 1 MiB). */
enum { ROW_VALUE_BYTES_MAX = 16 * 1024 * 1024 };

struct batch;

/* One row of a batch; the slices borrow from the batch. */
struct batch_row {
    enum table table;
    bool deleted; /* value is empty. */
    struct slice key;
    struct slice value;
};

/**
 * Make an empty batch.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct batch *batch_new(void);

/** Free. Accepts NULL. */
void batch_free(struct batch *batch);

/** Forget the rows, and that memory was out, but keep the memory. */
void batch_clear(struct batch *batch);

/**
 * Add a row to write.
 *
 * @key    1 to KEY_BYTES_MAX bytes; not META_APPLIED's, which store_commit
 *         writes. Copied.
 * @value  At most ROW_VALUE_BYTES_MAX bytes. Copied.
 */
void batch_put(struct batch *batch, enum table table, struct slice key,
               struct slice value);

/** Add a row to delete; it need not exist. */
void batch_delete(struct batch *batch, enum table table, struct slice key);

/** Count the bytes the rows take in the batch. */
size_t batch_bytes(const struct batch *batch);

/** Count the rows. */
size_t batch_rows(const struct batch *batch);

/** Tell whether a row was lost for want of memory. */
bool batch_failed(const struct batch *batch);

/**
 * Walk the rows in the order they were added.
 *
 * @at  Where the walk is; 0 at the start, changed by each call.
 *
 * Returns false after the last row.
 */
bool batch_next(const struct batch *batch, size_t *at,
                struct batch_row *row_out);

#endif

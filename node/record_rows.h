/* Records of the archive as rows: RECORDS_OF_ROW to a row, so that a batch of
 * posts puts few. What waits in a row is a function of the log alone, however
 * entries are batched; the row of the last records is written again as they
 * become more.
 *
 * A row's key is its first record's CSN, its value an entry bundle
 * (proto/tlog/tile.h).
 *
 * Thread: state loop.
 */
#ifndef NODE_RECORD_ROWS_H
#define NODE_RECORD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "node/chat/effects.h"
#include "node/chat/machine.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "storage/batch.h"
#include "storage/cursor.h"
#include "storage/store.h"

/* The row that is not full. */
struct record_rows {
    struct buffer last; /* What it holds. */
    uint64_t next;      /* CSN behind it. */
    bool changed;       /* Since it was written. */
};

/** Start with nothing. */
void record_rows_init(struct record_rows *rows);

/** Free what is held. */
void record_rows_deinit(struct record_rows *rows);

/** Add what an entry brought about: its records' full rows and its payload to
 * the batch, the rest to the last row. */
void record_rows_add(struct record_rows *rows, struct batch *batch,
                     const struct effects *effects);

/**
 * Begin anew at record 0, under another origin: the rows of the tree before go.
 *
 * @batch  Has no rows of records yet: all before is in the store.
 *
 * Returns what the store says.
 */
enum error record_rows_restart(struct record_rows *rows, struct batch *batch,
                               struct store *store);

/** Add the last row to the batch, if it has changed. */
void record_rows_finish(struct record_rows *rows, struct batch *batch);

/**
 * Check that all records that wait for this node's files are there, up to the
 * ledger's last: those that the files have are gone from the first on.
 *
 * Returns ROTTEN, with a journal line, or what the store says.
 */
enum error record_rows_check(struct view *view, const struct machine *machine);

/**
 * Read back the row that is not full, after record_rows_check.
 *
 * Returns ROTTEN when it is not there, or what the store says.
 */
enum error record_rows_load(struct record_rows *rows, struct store *store,
                            const struct machine *machine);

#endif

/* Ordered rows in memory with the versions that views and the last flush
 * still need.
 *
 * A version carries the log index of its commit. What a view sees at index i,
 * and what a crash leaves when i was persisted, is of each row the newest
 * version at or below i.
 *
 * Thread: one at a time.
 */
#ifndef TESTS_SIM_ROWS_SIM_H
#define TESTS_SIM_ROWS_SIM_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/cursor.h"
#include "storage/keyspace.h"

struct rows;

/* An index whose state must stay readable. Embedded by the caller. */
struct rows_pin {
    LIST_ENTRY(rows_pin) link;
    uint64_t index;
};

/** Make an empty table set, persisted at an index. */
struct rows *rows_new(uint64_t index);

/** Free. Pins are forgotten, not freed. */
void rows_free(struct rows *rows);

/**
 * Give a row a version.
 *
 * @index    Not below that of any other version.
 * @deleted  The row ends here; value is not looked at.
 */
void rows_put(struct rows *rows, uint64_t index, enum table table,
              struct slice key, struct slice value, bool deleted);

/**
 * Find a row as it was at an index that is pinned, or is the newest.
 *
 * @value_out  Borrows from the rows until the pin goes.
 *
 * Returns false when there is none.
 */
bool rows_get(struct rows *rows, uint64_t index, enum table table,
              struct slice key, struct slice *value_out);

/**
 * Find the next row of a range as it was at an index.
 *
 * @after  The key of the row before it; NULL at the start.
 */
bool rows_step(struct rows *rows, uint64_t index, enum table table,
               const struct range *range, const struct slice *after,
               struct row *row_out);

/** Keep the state at pin->index readable. */
void rows_pin(struct rows *rows, struct rows_pin *pin);

/** Let it go. */
void rows_unpin(struct rows_pin *pin);

/** Let a crash leave the state at this index. */
void rows_persist(struct rows *rows, uint64_t index);

/** Drop the rows back to what is persisted, and forget all pins. */
void rows_crash(struct rows *rows);

#endif

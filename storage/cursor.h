/* Reading rows in order: a view is the store as it was at one moment, a
 * cursor walks a range of a table of it.
 *
 *     while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
 *         ...
 *     }
 *     if (error != ERROR_NOT_FOUND) { the walk broke off }
 *
 * Thread: a view may be opened on any thread while the state loop commits, and
 * belongs, with its cursors, to one thread at a time.
 */
#ifndef STORAGE_CURSOR_H
#define STORAGE_CURSOR_H

#include <stdbool.h>

#include "storage/store.h"

struct view;
struct cursor;

struct row {
    struct slice key; /* Both borrow from the cursor until its next step. */
    struct slice value;
};

/* Which rows, and in which order. */
struct range {
    struct slice lower; /* First key; empty: from the start. Copied. */
    struct slice upper; /* First key no more; empty: to the end. Copied. */
    bool backward;      /* Begin at the upper end. */
};

/**
 * Freeze the store as it is now.
 *
 * An open view keeps old versions of rows on disk: close it soon.
 *
 * Returns NO_MEMORY, STORE_IO or ROTTEN. Owned by the caller.
 */
enum error view_open(struct store *store, struct view **view_out);

/** Let go of a view. Its cursors must be closed. Accepts NULL. */
void view_close(struct view *view);

/** Tell the log index whose state the view shows. */
uint64_t view_applied(const struct view *view);

/** Read one row of the view; as store_get. */
enum error view_get(struct view *view, enum table table, struct slice key,
                    struct buffer *value_out);

/**
 * Begin a walk over the rows of a range.
 *
 * Returns NO_MEMORY. Owned by the caller.
 */
enum error cursor_open(struct view *view, enum table table, struct range range,
                       struct cursor **cursor_out);

/** End a walk. Accepts NULL. */
void cursor_close(struct cursor *cursor);

/**
 * Step to the first or the next row.
 *
 * Returns NOT_FOUND after the last row; STORE_IO or ROTTEN when there may be
 * more rows that cannot be read; the same again when called again.
 */
enum error cursor_next(struct cursor *cursor, struct row *row_out);

#endif

/* The latest state of one thread's affairs, for others to read: a struct that
 * is posted whole and read whole.
 *
 * The writer never waits for more than a copy, so a loop may post at the end
 * of its turns. What must not be lost goes by letter (letters.h); a board
 * keeps only the last.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_BOARD_H
#define PROTO_BASE_BOARD_H

#include <stdbool.h>
#include <stddef.h>

struct board;

/**
 * Make a board for structs of len bytes.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct board *board_new(size_t len);

/** Free. Accepts NULL. No thread may use it any more. */
void board_free(struct board *board);

/** Replace what stands there with a copy of len bytes. */
void board_post(struct board *board, const void *status);

/**
 * Copy what stands there.
 *
 * Returns false, and zeroes, as long as nothing has been posted.
 */
bool board_read(struct board *board, void *status_out);

#endif

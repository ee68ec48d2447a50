/* What administrators write for moments and messages.
 *
 * Thread: any.
 */
#ifndef NODE_ADMIN_MOMENT_H
#define NODE_ADMIN_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

/* Messages of a room, by id; both ends are in it. */
struct message_range {
    uint64_t first, last;
};

/** Read "YYYY-MM-DD", its first moment, or "YYYY-MM-DDTHH:MM:SSZ". Returns
 * false for any other text. */
bool moment_read(struct slice text, int64_t *at_us_out);

/** Read "N" or "N-M", decimal, from 1. Returns false for any other text. */
bool message_range_read(struct slice text, struct message_range *range_out);

#endif

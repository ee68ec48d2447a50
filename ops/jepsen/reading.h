/* A room's history as far as it is wanted: pages are asked for until it is
 * all there. What was read ends where the room ended when the last page was
 * made.
 *
 * Thread: main.
 */
#ifndef OPS_JEPSEN_READING_H
#define OPS_JEPSEN_READING_H

#include "ops/jepsen/load.h"

/** Begin. @want  The newest so many messages; 0: all. */
void reading_begin(struct reading *reading, uint64_t want);

/** Fill in what to ask next: kind, message_id, most. */
void reading_ask(const struct reading *reading,
                 struct client_question *question);

/** Take a page. Returns whether there is more to ask. */
bool reading_take(struct reading *reading, const struct xccos_data *page);

/** Find where a value stands. 0: it is not there. */
uint64_t reading_find(const struct reading *reading, int64_t value);

/** Forget it. */
void reading_end(struct reading *reading);

#endif

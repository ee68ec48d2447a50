/* Row values as the machine's memory: encode.h backwards.
 *
 * Rows come from disks and snapshots that have been checked for rot; these
 * checks are against the wrong row in the right place, and keep whatever was
 * loaded consistent with itself.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LOAD_H
#define NODE_CHAT_LOAD_H

#include "node/chat/rows.h"
#include "proto/base/arena.h"

/** Take in a row of one kind; its value has been read by the descriptor of the
 * kind. Returns MALFORMED when it contradicts the rows before it. */
typedef enum error loader(struct machine *machine, const struct row_key *key,
                          const void *message);

/* Return MALFORMED unless the row is as a writer makes it. */
#define REQUIRE(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return ERROR_MALFORMED;                                            \
        }                                                                      \
    } while (0)

/**
 * Take one row in.
 *
 * @scratch  For the time of the call; reset by it.
 *
 * Returns MALFORMED, UNSUPPORTED or NO_MEMORY; see machine_load.
 */
enum error load_row(struct machine *machine, const struct row_key *key,
                    struct slice value, struct arena *scratch);

#endif

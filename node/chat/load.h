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

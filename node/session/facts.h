/* Looking up for the rules what messages a command names (node/chat/said.h).
 *
 * What is found is a function of the entries that the store has taken in: it
 * must have all before the command's own, and none after.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_FACTS_H
#define NODE_SESSION_FACTS_H

#include "node/chat/said.h"
#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "storage/store.h"

/**
 * Look up the messages that a command wants the rules to be told of.
 *
 * @arena      Takes them.
 * @facts_out  Empty when it wants none, or there are none.
 *
 * Returns ROTTEN when a message is not there that must be, with a journal
 * line; STORE_IO or NO_MEMORY.
 */
enum error facts_read(struct store *store, const struct machine *machine,
                      const Perch__Command *command, struct arena *arena,
                      struct facts *facts_out);

#endif

/* The rules of the archive's witnesses: who is asked to cosign, and what of
 * the archive each has seen.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_WITNESS_H
#define NODE_CHAT_WITNESS_H

#include "node/chat/state.h"

/** Find a witness by its name. NULL when there is none. */
struct witness *witness_find(const struct machine *machine, struct slice name);

/** Free a witness that the machine does not have. Accepts NULL. */
void witness_free(struct witness *witness);

#endif

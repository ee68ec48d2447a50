/* The rules of compliance adapters: which there are, how what has happened is
 * cut into batches for each, and what their sinks have acknowledged.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADAPTER_H
#define NODE_CHAT_ADAPTER_H

#include "node/chat/state.h"

/** Tell whether bytes may name an adapter or a program. */
bool adapter_is_name(struct slice name);

/** Find an adapter by its name, in any case. NULL when there is none. */
struct adapter *adapter_find(const struct machine *machine, struct slice name);

/** Free an adapter that the machine does not have. Accepts NULL. */
void adapter_free(struct adapter *adapter);

#endif

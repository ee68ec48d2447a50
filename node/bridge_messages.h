/* What administrators are shown of messages, read from the store.
 *
 * Read on the state loop, since the answer goes on there: who walks many ends
 * the walk by itself after a few.
 *
 * Thread: state loop.
 */
#ifndef NODE_BRIDGE_MESSAGES_H
#define NODE_BRIDGE_MESSAGES_H

#include "node/admin/state.h"
#include "node/session/reading.h"

/** Walk messages of a range. Returns what the store says. */
enum error bridge_messages_walk(struct store *store,
                                const struct reading_range *range,
                                admin_take_message *take, void *context);

/** Walk the texts of a message, the one as posted first. Returns NOT_FOUND, or
 * what the store says. */
enum error bridge_messages_versions(struct store *store, uint32_t room,
                                    uint64_t message_id,
                                    admin_take_version *take, void *context);

#endif

/* What was said in a room, read from the store for administrators who take it
 * elsewhere. A page at a time; on the state loop, as it costs no more than a
 * page.
 *
 * Thread: state loop.
 */
#ifndef NODE_BRIDGE_CONTENT_H
#define NODE_BRIDGE_CONTENT_H

#include "node/admin/state.h"
#include "storage/store.h"

/** Walk messages as admin_state.content does. */
enum error bridge_content(struct store *store, uint32_t room, uint64_t first,
                          admin_take_content *take, void *context);

#endif

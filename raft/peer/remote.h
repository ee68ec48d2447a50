/* One configured node: dialing it again and again where that is this side's
 * part, and the one connection to it that is in use.
 *
 * The node of the lower id dials. A new connection whose Hello is accepted
 * takes the place of an older one to the same node, which is closed: the
 * other side would not have made it, had it not lost the old one.
 *
 * Thread: the raft loop's.
 */
#ifndef RAFT_PEER_REMOTE_H
#define RAFT_PEER_REMOTE_H

#include "raft/peer/connection.h"

/** Take over how the node is configured. NO_MEMORY when memory is out. */
enum error remote_init(struct remote *remote, struct transport *transport,
                       const struct transport_node *node);

/** Dial soon, where that is this side's part. */
void remote_start(struct remote *remote);

/** Stop dialing and free what is held. */
void remote_deinit(struct remote *remote);

/** A connection to the node is open: use it, and close an older one. */
void remote_connected(struct remote *remote, struct connection *connection,
                      const struct peer_hello *hello);

/** A connection to the node has ended, open or not. */
void remote_lost(struct remote *remote, struct connection *connection);

#endif

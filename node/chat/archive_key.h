/* The rules of the archive's public keys: the log's, which all nodes have, and
 * each node's own. A node with a key counts for majorities until the key is
 * taken away, also when the node is gone for good: so an administrator takes
 * the key of a node that was removed from the pool.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_KEY_H
#define NODE_CHAT_ARCHIVE_KEY_H

#include "node/chat/state.h"

/**
 * Believe a public key from now on, in place of the one before; an empty one
 * takes that away. A node may put its own, and the log's first; all else is an
 * administrator's.
 *
 * Returns ARCHIVE_KEY_INVALID, ARCHIVE_KEY_NOT_OWN, NOT_AN_ADMINISTRATOR,
 * NODE_UNKNOWN, ARCHIVE_KEY_NEEDED for the log's of an archive that is on,
 * REPEATED when it is so already. The value is the node.
 */
enum outcome archive_key_put(struct turn *turn, const Perch__Command *command);

/** The node as a keeper, which it becomes. */
struct keeper *keeper_of(struct machine *machine, uint8_t node);

/** Count the nodes that have a key. */
unsigned archive_keys(const struct machine *machine);

#endif

/* What people lose when their groups or policies have changed: with the same
 * entry sessions end that may be no longer, and users leave rooms they may not
 * be in.
 *
 * Found from what has changed, downward: nobody else is looked at.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENFORCE_H
#define NODE_CHAT_ENFORCE_H

#include "node/chat/state.h"

/** Look at everyone at or below these principals, by principal number. */
void enforce_below(struct turn *turn, const struct number_map *principals);

/** Look at everyone: the pool's own policy has changed. */
void enforce_all(struct turn *turn);

#endif

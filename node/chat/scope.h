/* Whom a category allows in its rooms, before any room is asked.
 *
 * Everyone, or those allowed; nobody who is denied. What a group is, its
 * members are: one denied group is stronger than any that is allowed.
 *
 * Roles that a room gave to someone who has fallen out of the scope are kept
 * and worth nothing: put back, the scope gives all of them back.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_SCOPE_H
#define NODE_CHAT_SCOPE_H

#include "node/chat/state.h"

/** Tell whether the category's rooms may be for the principal at all. */
bool scope_holds(const struct category *category,
                 const struct principal *principal);

#endif

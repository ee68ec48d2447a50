/* Which groups a principal is in, directly or by way of other groups, and what
 * that gives it.
 *
 * Groups may hold each other in a circle: each is met once. The answer is kept
 * with the principal until any membership changes, so that a user's posts cost
 * one look per group and no walk.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_CLOSURE_H
#define NODE_CHAT_CLOSURE_H

#include "node/chat/state.h"

/**
 * Gather the bits that a principal and all groups above it have in a map.
 *
 * A member of a group has what the group has.
 */
uint32_t closure_bits(const struct number_map *map,
                      const struct principal *principal);

/**
 * Borrow the groups that a principal is in, by number.
 *
 * Valid until a membership changes.
 */
const struct closure *closure_of(const struct principal *principal);

/**
 * Collect the users below principals who have sessions: those who are users,
 * and all members of the groups and of the groups in them. Each is looked at
 * once, however many ways lead there.
 *
 * @principals  Principal numbers -> 1.
 * @people      Likewise; added to.
 */
void closure_signed_in(struct machine *machine,
                       const struct number_map *principals,
                       struct number_map *people);

/** Forget what was kept of anyone: a membership has changed. */
void closure_outdate(struct directory *directory);

/** Free what is held. */
void closure_deinit(struct closure *closure);

#endif

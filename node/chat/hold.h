/* The rules of legal holds: what may not be erased, whatever retention says.
 *
 * A hold lies on one room or on all that one user says, under a name; several
 * names may lie on one. While any does, nothing of it is purged. Holds touch
 * nothing else: taking out of sight erases nothing.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_HOLD_H
#define NODE_CHAT_HOLD_H

#include "node/chat/state.h"

/**
 * Place a hold on a room or a user.
 *
 * Returns a refusal of its name (NAME_EMPTY, NAME_CHARACTER, NAME_TOO_LONG) or
 * its reason, HOLD_TARGET, ROOM_UNKNOWN, USER_UNKNOWN, HOLD_EXISTS or
 * HOLDS_FULL. The value is its number.
 */
enum outcome hold_place(struct turn *turn, const Perch__Command *command);

/**
 * Lift a hold. What was passed over for a user's sake is looked at again.
 *
 * Returns as hold_place, or HOLD_UNKNOWN. The value is its number.
 */
enum outcome hold_lift(struct turn *turn, const Perch__HoldLift *command);

/** Tell whether any hold lies on a user. */
bool hold_is_on(const struct machine *machine, struct slice user_uri);

/** Find the hold of a row. NULL when there is none. */
struct hold *hold_numbered(const struct machine *machine, uint64_t number);

/**
 * Take a hold that has all its fields into the machine, which then owns it.
 * Numbers rise.
 *
 * Returns false, and takes nothing, when its number does not.
 */
bool hold_adopt(struct machine *machine, struct hold *hold);

/** Free a hold that the machine does not have. Accepts NULL. */
void hold_free(struct hold *hold);

/** Free all holds. */
void hold_deinit(struct machine *machine);

#endif

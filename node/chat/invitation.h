/* Invitations: what tells members that a room has become theirs.
 *
 * Whoever is made a member by name, or by a group, while the room sends
 * invitations has one. It lies with the principal, one entry however many
 * people a group has: the second since which it holds. That of a user is since
 * the way to it is complete: the latest second on the way through the groups,
 * the earliest of several ways. Its id is that second and the room's number,
 * so ids grow, and what is shown once lies below the one number that a user
 * keeps.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_INVITATION_H
#define NODE_CHAT_INVITATION_H

#include "node/chat/state.h"

/* Of memberships and invitations from before they were counted. */
enum { INVITATION_SINCE_FIRST = 1 };

/** Tell the second from which what is given now holds: after all that has been
 * shown. INVITATION_SINCE_FIRST before rules version 3. */
uint32_t invitation_now(const struct turn *turn);

/** Tell the last id before those of a second. */
uint64_t invitation_id_before(uint32_t second);

/** Tell whether a room sends invitations now: its category's word and its own.
 */
bool invitation_is_sent(const struct room *room);

/**
 * Take note that a principal's roles in a place have changed: who has become a
 * member is invited. (Who is none any more loses it with the role: role_set.)
 */
void invitation_role_changed(struct turn *turn, const struct place *place,
                             struct principal *principal, uint32_t before,
                             uint32_t after);

/**
 * Show the actor's invitations that were not shown yet, the oldest first, up to
 * INVITATIONS_TAKEN_MAX of them: from now on they count as shown.
 *
 * @turn  value becomes the id after which they are.
 *
 * Returns SESSION_UNKNOWN or NOT_THE_SESSIONS_USER.
 */
enum outcome invitations_take(struct turn *turn, const Perch__Command *command);

#endif

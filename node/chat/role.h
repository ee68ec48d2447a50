/* The roles of users in rooms, and the lists of users by which commands change
 * them.
 *
 * Kept on both sides: a room's users and a user's rooms, as sorted pairs.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ROLE_H
#define NODE_CHAT_ROLE_H

#include "node/chat/state.h"

/* One list of user URIs in a command, and what it does to each. */
struct role_list {
    size_t n;
    const ProtobufCBinaryData *users;
    enum role role;
    bool removes;
};

/**
 * Check lists before any is applied: all or nothing.
 *
 * @room        Whose roles change; NULL for a room to be created.
 * @turn        value becomes, for USER_UNKNOWN, the position of the unknown
 *              user, counted through all lists from 0.
 *
 * Returns ROLES_TOO_MANY when a list is longer than ROLES_PER_COMMAND_MAX,
 * USER_UNKNOWN, or ROOM_ROLES_FULL when those in the room with those added who
 * have no role yet would be more than ROOM_ROLES_MAX; each list is counted for
 * itself, removals are not counted.
 */
enum outcome role_check(struct turn *turn, const struct room *room,
                        const struct role_list *lists, size_t n_lists);

/**
 * Apply checked lists, one after the other, telling each change.
 *
 * Returns whether any role changed.
 */
bool role_apply(struct turn *turn, struct room *room,
                const struct role_list *lists, size_t n_lists);

/** Set a user's roles in a room, a set of enum role, and nothing else. */
void role_set(struct machine *machine, struct room *room, struct user *user,
              uint32_t roles);

#endif

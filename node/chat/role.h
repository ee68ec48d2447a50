/* The roles of principals in rooms and categories, and the lists of URIs by
 * which commands change them.
 *
 * Kept on both sides: a room's principals and a principal's rooms, as sorted
 * pairs. A group of whatever size is one of them.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ROLE_H
#define NODE_CHAT_ROLE_H

#include "node/chat/state.h"

/* One list of URIs in a command, and what it does to each. */
struct role_list {
    size_t n;
    const ProtobufCBinaryData *users;
    enum role role;
    bool removes;
};

/** Tell which roles there can be in a place, a set of enum role. */
uint32_t role_all_of(const struct place *place);

/**
 * Check lists before any is applied: all or nothing.
 *
 * @place       Whose roles change; NULL for one to be created.
 * @turn        value as principal_check_list has it.
 *
 * Returns as principal_check_list, or ROOM_ROLES_FULL when those in the room
 * with those added who have no role yet would be more than ROOM_ROLES_MAX; each
 * list is counted for itself, removals are not counted.
 */
enum outcome role_check(struct turn *turn, const struct place *place,
                        const struct role_list *lists, size_t n_lists);

/**
 * Check that the principals who are given roles are those the category allows.
 *
 * @turn  value becomes the position of one it does not, from 0, counted through
 *        all lists.
 *
 * Returns PRINCIPAL_OUT_OF_SCOPE.
 */
enum outcome role_check_scope(struct turn *turn,
                              const struct category *category,
                              const struct role_list *lists, size_t n_lists);

/**
 * Apply checked lists, one after the other, telling each change.
 *
 * Returns whether any role changed.
 */
bool role_apply(struct turn *turn, struct place *place,
                const struct role_list *lists, size_t n_lists);

/** Set a principal's roles in a place, a set of enum role; without MEMBER there
 * is no invitation either. Nothing else. */
void role_set(struct machine *machine, struct place *place,
              struct principal *principal, uint32_t roles);

#endif

/* Who is in a group: users and other groups, and the lists by which commands
 * change it.
 *
 * Kept on both sides: a group's members and a principal's groups.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_MEMBERSHIP_H
#define NODE_CHAT_MEMBERSHIP_H

#include "node/chat/state.h"

/* One list of URIs in a command. */
struct member_list {
    size_t n;
    const ProtobufCBinaryData *uris;
    bool removes;
};

/**
 * Check lists before any is applied: all or nothing.
 *
 * @group  Whose members change; NULL for a group to be created.
 * @turn   value as principal_check_list has it.
 *
 * Returns as principal_check_list, or GROUP_MEMBERS_FULL when those in the
 * group with those added who are not would be more than GROUP_MEMBERS_MAX;
 * removals are not counted.
 */
enum outcome membership_check(struct turn *turn, const struct group *group,
                              const struct member_list *lists, size_t n_lists);

/**
 * Apply checked lists, one after the other, telling each change; then enforce
 * what those who were moved have lost by it.
 *
 * Returns whether any membership changed.
 */
bool membership_apply(struct turn *turn, struct group *group,
                      const struct member_list *lists, size_t n_lists);

/** Put a principal into a group or out of it, and nothing else. */
void membership_set(struct machine *machine, struct group *group,
                    struct principal *member, uint32_t since);

#endif

/* Who may be made a presenter: those of whom an auditorium's members hear.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PRESENTER_H
#define NODE_CHAT_PRESENTER_H

#include "node/chat/role.h"

/* A room as a command will leave it, and the command's lists. */
struct presenters {
    const struct place *place; /* NULL for a room to be created. */
    int visibility, behavior;
    const struct role_list *lists;
    size_t n_lists;
};

/**
 * Check those whom checked lists make presenters.
 *
 * They are members, by name or by group as it was before the command, or made
 * so by it; in an open room everyone is. Who ceases to be a member later keeps
 * the role, and it is worth nothing until then (access_post).
 *
 * @turn  value becomes the position of one who is not, from 0, counted through
 *        all lists.
 *
 * Returns NOT_AN_AUDITORIUM or PRESENTER_NOT_MEMBER.
 */
enum outcome presenter_check(struct turn *turn,
                             const struct presenters *presenters);

#endif

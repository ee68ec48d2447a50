/* What there is, as messages: views of node/chat in the words of
 * proto/admin.proto. Messages lie in the request's arena and borrow their texts
 * from the machine.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_SHOW_H
#define NODE_ADMIN_SHOW_H

#include "node/admin/answer.h"
#include "node/chat/view.h"

/** Describe a room. */
Perch__Admin__Room *show_room(struct answer *answer, const struct room *room);

/** Describe a category. */
Perch__Admin__Category *show_category(struct answer *answer,
                                      const struct category *category);

/** Describe a user; nothing of the password but whether there is one. */
Perch__Admin__User *show_user(struct answer *answer, const struct user *user);

/** Describe a group. */
Perch__Admin__Group *show_group(struct answer *answer,
                                const struct group *group);

/** Describe a session. */
Perch__Admin__Session *show_session(struct answer *answer,
                                    const struct session *session);

/** Show an add-in. */
Perch__Admin__Addin *show_addin(struct answer *answer,
                                const struct addin *addin);

#endif

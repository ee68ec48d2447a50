/* What a user follows, has read and looks for, as administrators see it.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ATTENTION_H
#define NODE_ADMIN_ATTENTION_H

#include "node/admin/answer.h"

struct user;

enum { ATTENDED_SHOWN_MAX = 256 };

/** Fill in what a user follows, has read and looks for. */
void attention_show(struct answer *answer, const struct user *user,
                    Perch__Admin__UsersShowReply *body);

#endif

/* usersrch: the users and groups that may take a role.
 *
 * Found are those whose URI or display name has the words that are asked for,
 * case aside by Unicode's rules; of a category, those whom it allows. Disabled
 * users are not found. All people are walked through, a while in each turn;
 * they come by display name, or URI. What would be more than the limit is
 * refused.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_FINDING_H
#define NODE_SESSION_FINDING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

enum {
    FOUND_USERS_MAX = 999, /* Of one reply. */
    FOUND_WORDS_MAX = 16,  /* Of one search; those after them do not count. */
};

/** Serve usersrch. */
void finding_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request);

#endif

/* chansrch and getassociations: which rooms there are, for whom who asks may
 * see them.
 *
 * A search finds the rooms whose names have the words that are asked for, case
 * aside by Unicode's rules, and gives them by name, marks on letters aside. It
 * walks through all rooms, a while in each of its turns; what is renamed
 * meanwhile is found by its old name, its new one, or neither. What would be
 * more than the limit is refused: half a list looks like a whole one.
 *
 * Spec: MS-XCCOSIP cmd:chansrch, cmd:getassociations.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SEARCHING_H
#define NODE_SESSION_SEARCHING_H

#include "node/session/visit.h"
#include "proto/xccos/request.h"

enum {
    SEARCH_ROOMS_MAX = 999, /* Of one reply; told as searchLimit. */
};

/** Serve chansrch and getassociations. */
void searching_serve(struct visit *visit, const struct xccos_primitive *command,
                     const struct xccos_request *request);

#endif

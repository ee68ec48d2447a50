/* The pool's servers as this node sees them: raft's own list, with what the
 * state knows of each.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_MEMBERS_H
#define NODE_ADMIN_MEMBERS_H

#include "node/admin/answer.h"

struct members {
    struct answer *answer;
    const struct replica_status *status; /* Borrowed until the loop turns. */
    uint8_t self;                        /* This node. */
};

/** Look at the replica. */
void members_look(struct answer *answer, struct members *members_out);

/** Count voters, and how many of them may be lost; in the arena. */
Perch__Admin__Quorum *members_quorum(const struct members *members);

/** Describe every server; in the arena. */
Perch__Admin__Member **members_show(const struct members *members,
                                    size_t *n_out);

/** Find a node's server: the voter, when it has two. NULL when it has none. */
const struct replica_member *members_find(const struct members *members,
                                          uint32_t node);

/** Tell whether a server can be reached from here, or is this node's own. */
bool members_is_connected(const struct members *members,
                          const struct replica_member *member);

#endif

/* Who is in a room, by what the pool has told: the list of the join, and the
 * notices since.
 *
 * Large rooms have neither: the list is then empty and says nothing.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_PEOPLE_H
#define OPS_CLIENT_PEOPLE_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "ops/client/limits.h"
#include "proto/base/slice.h"
#include "proto/xccos/envelope.h"

/* One allocation with its texts. */
struct person {
    RB_ENTRY(person) link;
    struct slice uri;
    struct slice name; /* To be shown; may be empty. */
    enum xccos_role role;
};

/* By URI. */
RB_HEAD(person_tree, person);

struct people {
    struct person_tree tree; /* By URI, ASCII case aside. */
    size_t n;
    bool is_cut; /* There were more than PEOPLE_MAX, or memory was out. */
};

/** Start with nobody. */
void people_init(struct people *people);

/** Forget all. */
void people_deinit(struct people *people);

/** Add someone. Returns false when he is there already, or cannot be added. */
bool people_add(struct people *people, struct slice uri, struct slice name,
                enum xccos_role role);

/** Take someone out. Returns false when he was not there. */
bool people_remove(struct people *people, struct slice uri);

/** Replace all by the list that came with a join. */
void people_take_list(struct people *people, const struct xccos_room *room,
                      const struct xccos_user *users);

/** The first in order of URI; NULL: nobody. */
struct person *people_first(struct people *people);

/** The one after; NULL: no more. */
struct person *people_next(struct person *person);

#endif

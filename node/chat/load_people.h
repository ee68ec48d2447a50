/* Taking in the rows of people: users, groups, and who is in which.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_LOAD_PEOPLE_H
#define NODE_CHAT_LOAD_PEOPLE_H

#include "node/chat/load.h"
#include "node/chat/state.h"
#include "proto/store.pb-c.h"

/** Take in a user, as a loader. */
loader load_user;

/** Take in a group, as a loader. */
loader load_group;

/** Take in a membership, as a loader. */
loader load_membership;

/** Take in the directories of the pool's row. Returns MALFORMED. */
enum error load_owners(struct machine *machine, const Perch__Stored__Pool *row);

#endif

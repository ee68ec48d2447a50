/* The values of the rows of people: users, groups, and who is in which.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ENCODE_PEOPLE_H
#define NODE_CHAT_ENCODE_PEOPLE_H

#include "node/chat/encode.h"
#include "node/chat/state.h"
#include "proto/store.pb-c.h"

/** Append a user's row, as an encoder. */
encoder encode_user;

/** Append a group's row, as an encoder. */
encoder encode_group;

/** Append the row of a membership, as an encoder. */
encoder encode_membership;

/** Put the directories that keep users and groups into the pool's row. */
void encode_owners(const struct machine *machine, struct arena *scratch,
                   Perch__Stored__Pool *row);

#endif

/* Finding what an administrator names: rooms and categories by name, guid or
 * URI; users by URI, "name@domain", or "name" in the pool's own domain; groups
 * by URI.
 *
 * What is not found refuses the answer, naming it; to the functions that end in
 * _if it is none.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_FIND_H
#define NODE_ADMIN_FIND_H

#include "node/admin/answer.h"
#include "node/chat/addins.h"
#include "node/chat/query.h"

/** Find a room. NULL, and the answer refused: ROOM_UNKNOWN, NAME_MISSING. */
const struct room *find_room(struct answer *answer, ProtobufCBinaryData name);

/** Find a category. NULL, and the answer refused, likewise. */
const struct category *find_category(struct answer *answer,
                                     ProtobufCBinaryData name);

/** Find an add-in by name or guid. NULL, and the answer refused:
 * ADDIN_UNKNOWN, NAME_MISSING. */
const struct addin *find_addin(struct answer *answer, ProtobufCBinaryData name);

/** Find a user. NULL, and the answer refused, likewise. */
const struct user *find_user(struct answer *answer, ProtobufCBinaryData name);

/** Find a room, or none: NULL, and the answer refused only for a name that
 * cannot be looked up at all. */
const struct room *find_room_if(struct answer *answer,
                                ProtobufCBinaryData name);

/** Find a category, or none, likewise. */
const struct category *find_category_if(struct answer *answer,
                                        ProtobufCBinaryData name);

/** Find an add-in, or none, likewise. */
const struct addin *find_addin_if(struct answer *answer,
                                  ProtobufCBinaryData name);

/** Find a user, or none, likewise. */
const struct user *find_user_if(struct answer *answer,
                                ProtobufCBinaryData name);

/** Find a group, or none, likewise. */
const struct group *find_group_if(struct answer *answer,
                                  ProtobufCBinaryData name);

/**
 * Write a user's name as a URI: in the arena, or as it came when it is one.
 * Whether it is well formed is for the rules.
 *
 * Returns the empty slice, and the answer refused, for "name" in a pool that
 * has no domain yet.
 */
struct slice find_user_uri(struct answer *answer, ProtobufCBinaryData name);

/** Find a group by URI. NULL, and the answer refused: GROUP_UNKNOWN,
 * NAME_MISSING. */
const struct group *find_group(struct answer *answer, ProtobufCBinaryData name);

/** Find a filter by name. NULL, and the answer refused: FILTER_UNKNOWN,
 * NAME_MISSING. */
const struct filter *find_filter(struct answer *answer,
                                 ProtobufCBinaryData name);

/**
 * Write the names of a list as URIs: groups by theirs, all else as users.
 *
 * Returns false, and the answer refused, when there are too many, or one is of
 * no domain.
 */
bool find_uris(struct answer *answer, size_t n,
               const ProtobufCBinaryData *names,
               ProtobufCBinaryData **uris_out);

/** Read "NODE/EPOCH/SERIAL", decimal and nothing else. Returns false for any
 * other text. */
bool find_session_id(struct slice text, struct session_id *id_out);

/**
 * Give what is to be created its guid: the one asked for, or a random one.
 *
 * The reply will show what then has it: it is put into answer->guid.
 *
 * Returns its bytes, valid as long as the answer; empty when what was asked
 * for is no guid.
 */
struct slice find_new_guid(struct answer *answer, bool asked,
                           ProtobufCBinaryData text);

#endif

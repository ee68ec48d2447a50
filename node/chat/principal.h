/* Principals: what has rights. Users, and groups of them: security groups,
 * organisational units and sites. Both have their numbers from one counter.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_PRINCIPAL_H
#define NODE_CHAT_PRINCIPAL_H

#include "node/chat/state.h"

/** Start a principal, otherwise zero, of a number. */
void principal_init(struct machine *machine, struct principal *principal,
                    uint32_t number, bool is_group);

/** Free what the principal holds, not itself. */
void principal_deinit(struct principal *principal);

/** Find a principal by its number. NULL when there is none. */
struct principal *principal_at(const struct machine *machine, uint64_t number);

/** Find a user or group by URI, ASCII case aside. NULL when there is none. */
struct principal *principal_find(const struct machine *machine,
                                 struct slice uri);

/** Borrow the user that a principal is; NULL for a group. */
struct user *principal_user(struct principal *principal);

/**
 * Check one list of URIs of a command, before anything is changed.
 *
 * @turn  value counts names: those of earlier lists, then of this one; for an
 *        unknown one it becomes its position, from 0.
 *
 * Returns ROLES_TOO_MANY when the list is longer than ROLES_PER_COMMAND_MAX,
 * USER_UNKNOWN or GROUP_UNKNOWN.
 */
enum outcome principal_check_list(struct turn *turn, size_t n,
                                  const ProtobufCBinaryData *uris);

#endif

/* Who may administer: the names that have roles, and which commands a role
 * covers.
 *
 * Until the first role is given whoever the nodes admit may do everything, as
 * before there were roles. With the first, local:root and whoever gives it are
 * written down as administrators; from then on the list decides, and one who
 * may do everything is always left.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADMINISTRATOR_H
#define NODE_CHAT_ADMINISTRATOR_H

#include "node/chat/query.h"
#include "node/chat/state.h"

enum {
    /* "certificate:" and a name as commands carry it. */
    ADMINISTRATOR_BYTES_MAX = 16 + ACTOR_BYTES_MAX,
};

/**
 * Give a role.
 *
 * @turn  value becomes the roles that the administrator then has.
 *
 * Returns ADMINISTRATOR_NAME_INVALID, ADMINISTRATOR_ROLE_INVALID or
 * ADMINISTRATORS_FULL.
 */
enum outcome administrator_grant(struct turn *turn,
                                 const Perch__Command *command);

/**
 * Take a role away, or all of them.
 *
 * @turn  As administrator_grant has it.
 *
 * Returns ADMINISTRATOR_ROLE_INVALID, ADMINISTRATOR_UNKNOWN, or
 * ADMINISTRATOR_LAST when nobody would be left who may do everything.
 */
enum outcome administrator_revoke(struct turn *turn,
                                  const Perch__AdministratorRevoke *command);

/**
 * Decide whether the administrator who gives a command may.
 *
 * @roles  That cover the command, a set, besides ADMINISTRATOR.
 *
 * Returns ADMINISTRATOR_ROLE_MISSING.
 */
enum outcome administrator_check(const struct machine *machine,
                                 const Perch__Command *command, uint32_t roles);

/** Tell which roles a name has, a set; all while nobody has one. */
uint32_t administrator_roles(const struct machine *machine, struct slice name);

/** Write the name of a command's administrator as the list has it; empty when
 * the command does not say what believed it. */
struct slice administrator_name(const Perch__Command *command,
                                char to[ADMINISTRATOR_BYTES_MAX]);

/** Take one of a row into a free slot. */
void administrator_put(struct machine *machine, uint32_t slot,
                       struct administrator *administrator);

/** Free one. Accepts NULL. */
void administrator_free(struct administrator *administrator);

#endif

/* The rules of owners: directories (LDAP) that keep users and groups in step
 * with themselves, by way of an adapter outside the node.
 *
 * A user or group whose owner is empty is the administrators' alone. An owner
 * is known by its name from its adapter's first report on. Its lease lets one
 * adapter at a time work; a run that would take away too much is held until an
 * administrator confirms that very run.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_OWNER_H
#define NODE_CHAT_OWNER_H

#include "node/chat/state.h"

/** Check the owner that a command gives a user or group: empty, or a
 * directory's name. Returns OWNER_INVALID. */
enum outcome owner_check(bool is_given, struct slice name);

/**
 * Put a checked owner in place of another.
 *
 * Returns CHANGED_OWNER, or 0 when it is the same or none is given.
 */
unsigned owner_put(struct principal *principal, bool is_given,
                   struct slice name);

/**
 * Take in where an adapter stands, and give it the lease it asks for.
 *
 * A run that is held stays so until the adapter is done or holds another; a
 * confirmation goes with it.
 *
 * Returns OWNER_INVALID, OWNER_REPORT_INVALID, NAME_TOO_LONG or NAME_CHARACTER
 * for the text, OWNER_BUSY while another holder's lease lasts, or OWNERS_FULL.
 */
enum outcome owner_report(struct turn *turn, const Perch__OwnerReport *command);

/** Let the run that is held go through. Returns OWNER_RUN_UNKNOWN. */
enum outcome owner_confirm(struct turn *turn,
                           const Perch__OwnerConfirm *command);

/** Find an owner by name. NULL when it has never reported. */
const struct owner *owner_find(const struct machine *machine,
                               struct slice name);

/** Free what all owners hold. */
void owners_deinit(struct machine *machine);

#endif

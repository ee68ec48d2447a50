/* Who an administrator is and where from, as commands and the journal have it.
 *
 * Thread: the web loop's.
 */
#ifndef NODE_ADMIN_ACTOR_H
#define NODE_ADMIN_ACTOR_H

#include <stdbool.h>
#include <uv.h>

#include "node/admin/letter.h"
#include "raft/peer/tls.h"

/**
 * Read who is at the other end of the local socket: the user's name, or
 * "uid:<number>" when it has none here. A service with PrivateUsers sees most
 * as "nobody".
 *
 * Returns false when the kernel does not say.
 */
bool actor_read_local(struct admin_actor *actor, const uv_pipe_t *pipe);

/** Note the address a connection comes from. */
void actor_read_source(struct admin_actor *actor, const uv_tcp_t *tcp);

/**
 * Read the name of a certificate's "admin:<name>"; the source is noted also
 * when there is none.
 *
 * Returns false when it names no administrator.
 */
bool actor_read_certificate(struct admin_actor *actor, const struct tls *tls,
                            const uv_tcp_t *tcp);

/**
 * Note who the tool says runs it, behind the source: for the auditor where one
 * user runs it for others (sudo). Nothing is decided by it.
 *
 * @said  Left out unless it is letters, digits and ". _ - @" of some length.
 */
void actor_note(struct admin_actor *actor, struct slice said);

/**
 * Note the directory whose adapter it is, in front of the source: what a
 * command is by, and where from, is then "root", "directory:corp local uid=0".
 * Nothing is decided by it: the adapter may do what its user may.
 *
 * @name  Left out as what is said in actor_note.
 */
void actor_note_directory(struct admin_actor *actor, struct slice name);

#endif

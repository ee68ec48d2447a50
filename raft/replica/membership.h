/* Who is a member and who is not, for the engine's files alone.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_MEMBERSHIP_H
#define RAFT_REPLICA_MEMBERSHIP_H

#include "raft/replica/engine.h"

/* membership.c */

/** Take the pool's configuration one step nearer to what it should be. */
void engine_membership_step(struct engine *engine);

/** Another term or role: what the owner has answered is forgotten. */
void engine_membership_begin(struct engine *engine);

/** Take the owner's answer, whether a node may come back by itself. */
void engine_membership_take(struct engine *engine, const struct memo *memo);

/* outside.c: raft ids that are no members */

/** A node is there anew. */
void engine_outside_there(struct engine *engine, uint8_t node);

/** Tell the nodes whose raft id is no member that it is not; leader only. */
void engine_outside_tell(struct engine *engine,
                         const struct reconcile_input *input);

/** This node was told so. */
void engine_outside_hear(struct engine *engine,
                         const struct peer_no_member *told);

/** Note when nobody says so any more; at a tick. */
void engine_outside_tick(struct engine *engine);

#endif

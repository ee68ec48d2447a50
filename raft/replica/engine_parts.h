/* What the files of the engine do for one another; nobody else includes it.
 * Proposals and members have headers of their own: lead.h, membership.h.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_ENGINE_PARTS_H
#define RAFT_REPLICA_ENGINE_PARTS_H

#include "raft/replica/engine.h"

/* engine.c */

/** Stop for good, and tell the owner; the first time counts. */
void engine_die(struct engine *engine, enum error error, const char *reason);

/** The hooks for the core, snapshots' included. */
void engine_core_hooks(struct engine *engine, struct core_hooks *hooks);

/** The events for the peers. */
struct peers_events engine_peers_events(struct engine *engine);

/** Do what follows from all that has happened in a turn of the loop. */
void engine_turn(void *context);

/* inbox.c */

/** Take the owner's letters. */
void engine_take_letters(void *context, struct letter_list *list);

/* duty.c: what is looked after from time to time */

/** A timer's function. */
void engine_tick(void *context);

/** Write the status down and tell the owner, when told to. */
void engine_post_status(struct engine *engine, bool tell);

/** Say, from the next connection on, what the node has become. */
void engine_renew_hello(struct engine *engine);

/** Hand leadership over, for the owner. Owns the memo. */
void engine_transfer(struct engine *engine, struct memo *memo);

/** The role has changed: a transfer under way may be done. */
void engine_transfer_step(struct engine *engine);

/** Note whether the log's disk is full; at every turn, for what is left then is
 * soon written. */
void engine_watch_full(struct engine *engine);

/** Look after a disk that is full: may this message pass as it is? Takes its
 * entries out, or returns false. */
bool engine_disk_lets_pass(struct engine *engine, struct core_message *message);

/* metering.c */

/** Bring the meters to what this loop has counted: once a tick. */
void engine_post_meters(struct engine *engine);

#endif

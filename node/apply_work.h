/* What an applier does beside applying, on a worker: make the state durable,
 * copy it for a follower, put another's state in its place.
 *
 * One job after the other, in the order asked for; the state loop goes on
 * meanwhile. Errors are the node's end (fatal), except that a checkpoint that
 * cannot be made is told to the replica.
 *
 * Thread: state loop.
 */
#ifndef NODE_APPLY_WORK_H
#define NODE_APPLY_WORK_H

#include <stdint.h>

struct applier;

/** Make all up to a log index durable, then tell the replica how far it is. */
void applier_flush(struct applier *applier, uint64_t log_index);

/**
 * Make a checkpoint of the state, then tell the replica.
 *
 * @directory  Empty, on the store's file system. Copied.
 */
void applier_checkpoint(struct applier *applier, uint64_t id,
                        const char *directory);

/**
 * Put another node's state in the place of ours.
 *
 * The event release comes first; after applier_released the store is closed,
 * the directory becomes the current generation and is loaded, and the events
 * restored and replica_restored follow. No entry may come meanwhile. A state
 * that is not later than ours is not taken; the replica is told where we are.
 *
 * @directory  Whole, checked and durable, on the store's file system. Copied;
 *             it is renamed.
 */
void applier_restore(struct applier *applier, const char *directory,
                     uint64_t log_index);

/** Say that nobody looks at the store any more. */
void applier_released(struct applier *applier);

#endif

/* Snapshots, as the engine's files need them; nobody else includes it.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_SNAPSHOTS_H
#define RAFT_REPLICA_SNAPSHOTS_H

#include "raft/replica/engine.h"

/** Open both ends of snapshot transfer below the data directory. Blocks. */
enum error engine_snapshots_open(struct engine *engine,
                                 const struct replica_settings *settings);

/** Fill in the core's hooks that are about snapshots. */
void engine_snapshot_hooks(struct core_hooks *hooks);

/** Take an answer of the owner: flushed, checkpoint made, restored. */
void engine_snapshots_take(struct engine *engine, const struct memo *memo);

/** A follower asks for a piece of a checkpoint. */
void engine_snapshots_asked(struct engine *engine, uint8_t node,
                            const struct peer_snapshot_fetch *fetch);

/** Do at a turn's end what may not be done from inside a hook, or not yet. */
void engine_snapshots_step(struct engine *engine);

/** Tell what the state must hold for the log's snapshot to be in it. */
uint64_t engine_snapshot_needs(const struct log_snapshot *snapshot);

#endif

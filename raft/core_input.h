/* What the core's owner hands in: what peers sent, and the ends of the work
 * that hooks began.
 *
 * Thread: raft loop. Not from inside a hook that core.h forbids to call.
 */
#ifndef RAFT_CORE_INPUT_H
#define RAFT_CORE_INPUT_H

#include "raft/core.h"

/**
 * A peer's message has come. Borrowed for the call.
 *
 * Returns MALFORMED for one that no sane peer sends: close the connection.
 */
enum error core_receive(struct core *core, const struct core_message *message);

/** A leader's commit note has come (core_network.note). */
void core_receive_note(struct core *core, uint64_t term, uint64_t commit_index);

/** A peer was connected anew: what was on its way to it may be lost. */
void core_peer_reset(struct core *core, uint64_t peer);

/** What snapshot_flush asked for is done, or has failed. */
void core_snapshot_flushed(struct core *core, enum error error);

/**
 * What manifest_make asked for is done, or has failed.
 *
 * @ticket    As given to manifest_make.
 * @manifest  Copied.
 */
void core_manifest_made(struct core *core, uint64_t ticket, enum error error,
                        struct slice manifest);

/** All that snapshot_offered offered is local and synced. */
void core_snapshot_ready(struct core *core);

/** What snapshot_offered offered cannot be had. The leader is told, and offers
 * another one. */
void core_snapshot_failed(struct core *core);

#endif

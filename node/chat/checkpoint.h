/* The rules of marks and checkpoints: how far each node's files are, and what
 * size and root of the archive a majority of the nodes agree upon.
 *
 *   (none) --begin--> open --majority, signed--> published
 *                      |
 *                      +--begin, when it got none for CHECKPOINT_PATIENCE
 *                         intervals--> open anew
 *
 * Signatures are not looked at. Were a wrong one refused here, every replica
 * would compute elliptic curves in apply, and a fault of a library would
 * split the state; who reads a checkpoint checks each line of it anyway, and
 * a node that is believed for its root is believed as a member of the pool,
 * not for its signature. What is compared here is the root, with that which
 * the rules' own frontier has.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_CHECKPOINT_H
#define NODE_CHAT_CHECKPOINT_H

#include "node/chat/state.h"

/* Intervals after which a checkpoint under way gives way to a newer one. */
enum { CHECKPOINT_PATIENCE = ARCHIVE_CHECKPOINT_PATIENCE };

/**
 * Take a node's word how many records its files have. Less than before only
 * after the node has started anew.
 *
 * Returns ARCHIVE_IS_OFF, ARCHIVE_STATE_INVALID, ARCHIVE_MARK_AHEAD or
 * ARCHIVE_MARK_BACKWARD.
 */
enum outcome archive_mark(struct turn *turn, const Perch__ArchiveMark *command);

/**
 * Begin a checkpoint of the archive as it is before this entry.
 *
 * Returns ARCHIVE_IS_OFF, CHECKPOINT_OPEN, or
 * CHECKPOINT_CURRENT when there is nothing new and the last is younger than
 * archive_heartbeat_s. The value is its size.
 */
enum outcome checkpoint_begin(struct turn *turn,
                              const Perch__CheckpointBegin *command);

/**
 * Take a node's word under a checkpoint that is under way or published. One
 * that names another root marks the node as diverged instead, until it names
 * the right one.
 *
 * Returns COSIGNATURE_INVALID, COSIGNER_UNKNOWN, CHECKPOINT_UNKNOWN, REPEATED
 * when it is there already. The value is the size.
 */
enum outcome cosign(struct turn *turn, const Perch__Cosign *command);

/** Forget a node's word under the checkpoint that is under way. */
void checkpoint_forget(struct turn *turn, uint8_t node);

/** Publish the checkpoint that is under way if enough have cosigned it. */
void checkpoint_settle(struct turn *turn);

#endif

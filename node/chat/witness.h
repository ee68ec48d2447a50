/* The rules of the archive's witnesses: who is asked to cosign, and what of
 * the archive each has seen.
 *
 * As with checkpoints (checkpoint.h), signatures are not looked at: they are
 * checked by the node that asked, and by all who read the checkpoint.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_WITNESS_H
#define NODE_CHAT_WITNESS_H

#include "node/chat/state.h"

/**
 * Ask a witness from now on, or ask it elsewhere or under another key; with
 * another key it begins anew.
 *
 * Returns WITNESS_NAME_INVALID, WITNESS_URL_INVALID, ARCHIVE_KEY_INVALID,
 * WITNESSES_FULL, REPEATED when it is so already. The value is its slot.
 */
enum outcome witness_put(struct turn *turn, const Perch__WitnessPut *command);

/** Ask a witness no more. Returns WITNESS_UNKNOWN. The value is its slot. */
enum outcome witness_remove(struct turn *turn,
                            const Perch__WitnessRemove *command);

/**
 * Take a witness's word under a checkpoint that was published, or the same
 * word of a later moment.
 *
 * Returns WITNESS_UNKNOWN, COSIGNATURE_INVALID, WITNESS_BACKWARD,
 * WITNESS_AHEAD. The value is its slot.
 */
enum outcome witnessed(struct turn *turn, const Perch__Witnessed *command);

/** Forget what a witness has seen: it was of another origin, or key. */
void witness_begin(struct turn *turn, uint32_t slot);

/** Find the slot of a witness; ARCHIVE_WITNESSES_MAX when there is none. */
uint32_t witness_find(const struct machine *machine, struct slice name);

/** Free a witness that the machine does not have. Accepts NULL. */
void witness_free(struct witness *witness);

#endif

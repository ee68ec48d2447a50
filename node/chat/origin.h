/* Nodes as sources of proposals: each proposal of a node's epoch is applied
 * exactly once and in its place, and its outcome is kept for a while.
 *
 *   number <= last       applied before: skipped
 *   number == last + 1   the next: applied, and its outcome kept
 *   number >  last + 1   one is missing: refused; the node proposes again from
 *                        the first unanswered
 *   another epoch        from before the node's last restart: refused
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ORIGIN_H
#define NODE_CHAT_ORIGIN_H

#include "node/chat/state.h"

/**
 * Decide whether an entry is the next of its node.
 *
 * Returns DONE, NODE_NOT_STARTED, EPOCH_STALE, DUPLICATE or NUMBER_GAP.
 */
enum outcome origin_admit(const struct machine *machine,
                          const struct applied_entry *entry);

/** Keep the outcome of an admitted entry and count it. */
void origin_keep(struct turn *turn, struct applied applied);

/**
 * Begin an epoch of the entry's node at the entry's index.
 *
 * Its number starts over, its outcomes are forgotten; its sessions must have
 * ended. Returns the origin.
 */
struct origin *origin_begin(struct turn *turn, const struct guid *start_id);

/** Make the origin of a node that has none, empty. */
struct origin *origin_new(struct machine *machine, uint8_t node);

/** Free an origin without sessions. Accepts NULL. */
void origin_free(struct origin *origin);

/** Tell up to which log index a session has confirmed all it was sent, going
 * by its node's mark. */
uint64_t origin_delivered(const struct origin *origin, uint64_t serial);

/** Count the rows that an origin's kept outcomes take. */
unsigned origin_chunks(const struct origin *origin);

/** Count the outcomes in one of those rows. */
unsigned origin_chunk_len(const struct origin *origin, unsigned chunk);

/** Note that the origin's row has changed. */
void origin_mark(struct machine *machine, const struct origin *origin);

#endif

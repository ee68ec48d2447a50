/* The rules of an archive that has lost records: a witness has seen more than
 * there is, such as after a restore.
 *
 *            halt                 refill, to the size that was seen
 *   whole --------------> halted -----------------------------------> whole
 *     |                      |
 *     +------- reopen -------+---> whole, under a new origin
 *
 * While it is halted nothing changes and nothing is said: a record that was
 * made now would take the place of one that is missing. So no records are
 * made of what still goes on, such as joins; the record of the end says from
 * when to when that was.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ROLLBACK_H
#define NODE_CHAT_ROLLBACK_H

#include "node/chat/state.h"

/**
 * Take a node's word that a witness has seen more of the archive than there
 * is. Of several words the one of the largest size counts.
 *
 * Returns ARCHIVE_IS_OFF, WITNESS_UNKNOWN, HALT_UNFOUNDED, REPEATED. The value
 * is the size.
 */
enum outcome archive_halt(struct turn *turn, const Perch__ArchiveHalt *command);

/** Likewise of a node that starts, and has asked a witness before it did. What
 * it says of another origin, or of no more than there is, changes nothing. */
void archive_started(struct turn *turn, const Perch__NodeStarted *command);

/**
 * Take missing records in, verbatim. Messages that they say were posted come
 * back into rooms that are there; all else that they tell of is not done
 * again.
 *
 * Returns ARCHIVE_NOT_HALTED, ARCHIVE_FORKED, REFILL_POSITION (the value is the
 * next CSN), REFILL_EMPTY, REFILL_TOO_MANY, REFILL_INVALID (the value is the
 * place of the first that is no record, or not the next). The value is the size
 * then.
 */
enum outcome archive_refill(struct turn *turn,
                            const Perch__ArchiveRefill *command);

/**
 * Go on under a new origin, whose tree is empty. What is missing of the old
 * one is stated by its first record.
 *
 * Returns ARCHIVE_IS_OFF, a refusal of its reason or of its origin
 * (ARCHIVE_ORIGIN_INVALID, ARCHIVE_ORIGIN_USED, POOL_NOT_SET,
 * ARCHIVE_KEY_MISSING). The value is how many origins there were.
 */
enum outcome archive_reopen(struct turn *turn,
                            const Perch__ArchiveReopen *command);

#endif

/* What comes back with the missing records of an archive: messages.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_REFILL_H
#define NODE_CHAT_REFILL_H

#include "node/chat/state.h"

/** Count the records that are the archive's next, one after the other, until
 * the first that is not, or that is of the future. */
size_t refill_check(const struct turn *turn,
                    const Perch__ArchiveRefill *command);

/**
 * Put the messages that records tell of back into their rooms, and what was
 * made of them.
 *
 * Nothing comes back into a room that is not there, and a message only as the
 * room's next, so that no id is given twice. A text that the archive has by
 * its digest alone comes back as a line that says so.
 */
void refill_messages(struct turn *turn, const Perch__ArchiveRefill *command);

#endif

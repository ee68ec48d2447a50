/* The published checkpoint as a signed note, as a node's archive has it in its
 * file `checkpoint`: what is printed for pinning.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ARCHIVE_NOTE_H
#define NODE_ADMIN_ARCHIVE_NOTE_H

#include "node/admin/answer.h"

/** Write the published checkpoint with the signatures of log, nodes and
 * witnesses that are of its size; in the arena. Empty when there is none. */
struct slice archive_note(struct answer *answer);

#endif

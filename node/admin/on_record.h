/* Looks at what is said, put on record before anything of it leaves: while the
 * pool keeps an archive, an administrator's read or export is a command
 * (MessagesRead), and what the rules refuse of it is on record, too.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ON_RECORD_H
#define NODE_ADMIN_ON_RECORD_H

#include "node/admin/answer.h"

enum {
    /* Of the one line that says what was asked; what is longer is cut. */
    ON_RECORD_WHAT_BYTES_MAX = 1900,
    ON_RECORD_ROOMS_MAX = 1024,
};

/** Tell whether the request has to go on record before it is looked at. */
bool on_record_is_needed(const struct answer *answer);

/**
 * Make the command that puts it there: which rooms, and in one line what was
 * asked.
 *
 * @may  Whoever asks may look at all; else rooms are not looked up, and stand
 *       in the line alone, as they were asked for.
 */
void on_record_command(struct answer *answer, bool may,
                       Perch__Command *command_out);

#endif

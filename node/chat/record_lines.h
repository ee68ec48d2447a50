/* What a command changes, before and after: a line of name=value for each
 * property of the one room, user, setting ... that it is about.
 *
 * In values, control characters and backslashes are written as \xHH, so that a
 * line is a line. A password is said to be there, and never what it is.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_RECORD_LINES_H
#define NODE_CHAT_RECORD_LINES_H

#include "node/chat/record_draft.h"

/** Append the lines of what a command is about, as it is now: all of them in
 * one order, whenever it is there. Nothing for other commands. */
void record_lines(const struct machine *machine, const Perch__Command *command,
                  struct buffer *to);

/** Tell whether the command has changed anything. */
bool record_lines_changed(const struct ledger *ledger);

/** Put BEFORE and AFTER: those lines that differ. */
void record_lines_put(struct draft *draft);

#endif

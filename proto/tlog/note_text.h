/* The characters of notes: which a note may hold, and which a key's name may.
 *
 * Source: C2SP signed-note.
 *
 * Pure. Thread: any.
 */
#ifndef PROTO_TLOG_NOTE_TEXT_H
#define PROTO_TLOG_NOTE_TEXT_H

#include <stdbool.h>

#include "proto/base/slice.h"

/** Tell whether bytes are UTF-8 without control characters but newlines. */
bool note_text_allowed(struct slice text);

/** Tell whether a name is formed as a key's: UTF-8, not empty, without spaces
 * of any kind, control characters and plus signs; of any length. */
bool note_name_formed(struct slice name);

/** Cut the next line off, without its newline; false when there is no whole
 * line left. */
bool note_next_line(struct slice *rest, struct slice *line_out);

#endif

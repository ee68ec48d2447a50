/* Text of others made safe to show.
 *
 * What someone writes into a room must not move the cursor, change colours or
 * titles, or turn the direction of what stands beside it. Control characters
 * (C0, DEL, C1), directional overrides and isolates, line and paragraph
 * separators and bytes that are no UTF-8 are shown as \xNN or \u{NNNN}; a
 * backslash stays one.
 *
 * Thread: any.
 */
#ifndef OPS_PERCH_SAFE_H
#define OPS_PERCH_SAFE_H

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

enum { SAFE_NO_CHARACTER = 0x110000 }; /* Above every code point. */

/** Append a text as one line: line ends and tabs are shown, too. */
void safe_line(struct buffer *out, struct slice text);

/**
 * Append a text of several lines.
 *
 * @margin  Put before each line but the first, so that none can pass for
 *          something perch itself says.
 */
void safe_lines(struct buffer *out, struct slice text, const char *margin);

/**
 * Read one character of UTF-8.
 *
 * @code_out  The code point; for a byte that begins none, its value +
 *            SAFE_NO_CHARACTER.
 *
 * Returns how many bytes it has: 1 to 4; 0 at the end.
 */
size_t safe_character(struct slice text, uint32_t *code_out);

#endif

/* Text as XML 1.0 can carry it: which characters, and how they are escaped.
 *
 * Not every character can be: of the controls only TAB, LF and CR, neither
 * U+FFFE nor U+FFFF, no surrogates. What comes by XML is free of the others;
 * text that enters perch by another door (a room's name from perchctl) must
 * pass xccos_text_check there. The writers look again and give an error
 * rather than a body that no client could read, or a stopped node.
 *
 * Spec: W3C XML 1.0, 2.2 (characters), 2.11 (line ends), 3.3.3 (attributes).
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_TEXT_H
#define PROTO_XCCOS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"
#include "proto/xccos/error.h"

/** Tell whether a byte is an ASCII letter or digit. */
static inline bool text_is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/**
 * Check that text is UTF-8 and made of characters XML 1.0 can carry.
 *
 * @characters_out  Unless NULL: how many characters (code points) it has, by
 *                  which the limits on posts count. Set on success only.
 *
 * Returns UTF8 or CHARACTER for what comes first.
 */
enum xccos_error xccos_text_check(struct slice text, size_t *characters_out);

/**
 * Append text as the content of an element.
 *
 * CR goes out as a reference: a parser would make a raw one LF.
 *
 * Returns UTF8, CHARACTER or NO_MEMORY, and has then appended nothing.
 */
enum xccos_error xccos_text_escape(struct buffer *out, struct slice text);

/**
 * Append text as the content of an attribute between double quotes.
 *
 * TAB, LF and CR go out as references: a parser would make them blanks.
 *
 * Returns as xccos_text_escape.
 */
enum xccos_error xccos_text_escape_attribute(struct buffer *out,
                                             struct slice text);

/** Count the bytes that escaping makes of a text. */
size_t xccos_text_escaped_bytes(struct slice text, bool in_attribute);

#endif

/* Texts of others as XML: nothing they say becomes markup, and what XML 1.0
 * cannot say becomes U+FFFD.
 *
 * Spec: XML 1.0, 2.2 (Char), 3.3.3 (attribute values are normalised, so line
 * ends and tabs in them are written as references).
 *
 * Thread: any.
 */
#ifndef OPS_ADAPTER_MARKUP_H
#define OPS_ADAPTER_MARKUP_H

#include <inttypes.h>
#include <stdbool.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

/** Append UTF-8 as the content of an element. */
void markup_text(struct buffer *to, struct slice text);

/** Append an attribute: a space, its name, its value in quotes. */
void markup_attribute(struct buffer *to, const char *name, struct slice value);

/** Append an attribute that is a number. */
void markup_number(struct buffer *to, const char *name, int64_t number);

/** Tell whether XML can say the text as it is. */
bool markup_can_say(struct slice text);

#endif

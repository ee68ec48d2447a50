/* Small things with text.
 *
 * Thread: any.
 */
#ifndef OPS_PERCHCTL_TEXT_H
#define OPS_PERCHCTL_TEXT_H

#include <stddef.h>

#include <jansson.h>

#include "proto/base/slice.h"

/** Copy in lower case, ASCII alone, cut to what fits. */
void text_lower(const char *text, char *to, size_t room);

/**
 * Make a JSON string of bytes; those that are not UTF-8 become U+FFFD.
 *
 * Owned by the caller.
 */
json_t *text_json(struct slice bytes);

/** Count the columns that a text takes, one for each character. */
size_t text_width(const char *text);

/** Print a text for a terminal: control characters become '?'. */
void text_print(FILE *to, const char *text);

#endif

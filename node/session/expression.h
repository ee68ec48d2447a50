/* One expression of a filter, as PCRE2 takes it (strainer.h says what kinds
 * mean).
 *
 * Thread: any.
 */
#ifndef NODE_SESSION_EXPRESSION_H
#define NODE_SESSION_EXPRESSION_H

#include <stdbool.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

/**
 * Append the regular expression that an expression of any kind stands for.
 *
 * @is_regex_out  It was written by an administrator: it may cost anything.
 *
 * Returns false when it is of no kind known here.
 */
bool expression_write(struct slice expression, struct buffer *to,
                      bool *is_regex_out);

#endif

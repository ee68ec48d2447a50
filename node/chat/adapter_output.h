/* A password in an adapter's output: that of a connection string
 * (host=db password=...) or of a URL (postgresql://user:...@db/archive).
 *
 * The pool needs it as it is; records and answers to administrators show a mask
 * in its place.
 *
 * Pure. Thread: any.
 */
#ifndef NODE_CHAT_ADAPTER_OUTPUT_H
#define NODE_CHAT_ADAPTER_OUTPUT_H

#include <stdbool.h>

#include "proto/base/buffer.h"
#include "proto/base/slice.h"

#define ADAPTER_OUTPUT_MASK "***"

/** Tell whether an output has a password. */
bool adapter_output_hides(struct slice output);

/** Append an output with a mask for its password. Behind one that is named all
 * that follows is masked: where it ends depends on who reads it. */
void adapter_output_show(struct slice output, struct buffer *to);

#endif

/* Records as lines that a person reads.
 *
 *   2026-11-20T20:11:00.0000000Z  [1200] Alice <alice@contoso.com>  post 812:
 * hi
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_TRANSCRIPT_H
#define OPS_ADAPTER_TRANSCRIPT_H

#include "ops/adapter/event.h"
#include "proto/base/buffer.h"

/** Append a record as a line; line ends within are followed by a tab. */
void transcript_line(struct buffer *to, const struct event *event);

/** Append what happened, without when and who: "post 812: hi". */
void transcript_what(struct buffer *to, const struct event *event);

/** Append a record as a line of JSON, without its leaf. */
void transcript_json(struct buffer *to, struct event *event);

#endif

/* A record as a row of perch.record, in the text form that COPY reads.
 *
 * Spec: PostgreSQL 15, COPY, "Text Format".
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_POSTGRESQL_ROW_H
#define OPS_ADAPTER_POSTGRESQL_ROW_H

#include "ops/adapter/batch.h"
#include "ops/adapter/event.h"
#include "proto/base/buffer.h"

/**
 * Append a row: pool, origin, adapter, csn, kind, type, time, room, room_name,
 * user_uri, display_name, message_id, content, record, leaf (as base64).
 *
 * @event  Loses its leaf.
 */
void postgresql_row(struct buffer *to, const struct batch *batch,
                    struct event *event);

#endif

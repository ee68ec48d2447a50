/* A record as a JSON object: what perch-audit shows and adapters get a line of
 * (ops/adapter/interface.md).
 *
 *   csn, kind, time_us, node, outcome, log_index, term, ordinal
 *   each field under its name: texts as text ({"hex": "..."} when they are not
 *       UTF-8), numbers, guids as guid text, sessions and bytes as hex, lists
 *       as lists. One that comes again is a list. One of a later program is
 *       "field_N", hex; a kind of a later program is "unknown", with its
 *       "kind_number".
 *   withheld   SHA-256 of a command that lies beside the archive, hex
 *   command    as command_json.h has it, when the record has it or it was given
 *   leaf       the record's bytes, base64
 *
 * Members come in this order, so that one record has one text.
 *
 * Thread: any.
 */
#ifndef PROTO_RECORD_JSON_H
#define PROTO_RECORD_JSON_H

#include <jansson.h>

#include "proto/base/slice.h"
#include "proto/record.h"

/**
 * Render a record.
 *
 * @leaf     Its bytes; SLICE_NONE leaves them out.
 * @payload  The command of one that withholds it; SLICE_NONE when that is gone,
 *           or there is none.
 *
 * Returns an object owned by the caller, NULL when memory is out.
 */
json_t *record_json(const struct record *record, struct slice leaf,
                    struct slice payload);

#endif

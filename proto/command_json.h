/* A command as JSON: each field that is there under its name in command.proto,
 * for people and for adapters.
 *
 *   bytes       text when they are UTF-8 and the field is a text, guid text of
 *               rooms, categories and add-ins, else {"hex": "..."}
 *   enums       their names in lower case; numbers of a later program
 *   passwords   what they are kept as is told by its length: {"bytes": 16}
 *   fields of a later program   "unknown_fields": how many
 *
 * Thread: any.
 */
#ifndef PROTO_COMMAND_JSON_H
#define PROTO_COMMAND_JSON_H

#include <jansson.h>

#include "proto/base/slice.h"

/**
 * Render a command's bytes.
 *
 * Returns an object, owned by the caller: {"unreadable": "hex"} for bytes that
 * are no command. NULL when memory is out.
 */
json_t *command_json(struct slice bytes);

/** Render bytes as hex digits. NULL when memory is out. */
json_t *command_json_hex(struct slice bytes);

/** Render bytes as text when they are UTF-8 without NUL, else as {"hex":
 * "..."}. NULL when memory is out. */
json_t *command_json_text(struct slice bytes);

#endif

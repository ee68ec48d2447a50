/* Messages by the names of their fields: set from words, and shown as JSON.
 *
 * Thread: any.
 */
#ifndef OPS_PERCHCTL_FIELD_H
#define OPS_PERCHCTL_FIELD_H

#include <stdbool.h>

#include <jansson.h>

#include "proto/base/arena.h"
#include "proto/codec.h"

enum { FIELD_WHY_BYTES = 256 };

/**
 * Set a field from a word as people write it: text, decimal, yes or no, or the
 * name of an enum's value in any case. A list gets one more.
 *
 * @text  Borrowed for the message's life.
 * @why   Says what would do, when this does not.
 *
 * Returns false when the word is none of those. The field exists.
 */
bool field_set(struct arena *arena, ProtobufCMessage *message, const char *name,
               const char *text, char why[FIELD_WHY_BYTES]);

/** Tell whether the message has a field of this name. */
bool field_exists(const ProtobufCMessageDescriptor *descriptor,
                  const char *name);

/**
 * Make a JSON object of a message: its fields in order, under their names;
 * null for one that is not there, lower case for the values of enums. Text that
 * is not UTF-8 has U+FFFD in place of what is wrong.
 *
 * Owned by the caller.
 */
json_t *field_json(const ProtobufCMessage *message);

#endif

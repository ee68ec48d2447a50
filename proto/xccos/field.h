/* One member of a struct and its text on the wire, both ways. Internal to
 * proto/xccos.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_FIELD_H
#define PROTO_XCCOS_FIELD_H

#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/xccos/error.h"
#include "proto/xccos/schema.h"

/**
 * Read a decimal number: 1 to 20 digits and nothing else.
 *
 * Returns MALFORMED for other text, TOO_LARGE above max.
 */
enum error field_read_number(struct slice text, uint64_t max,
                             uint64_t *number_out);

/**
 * Read a text into its member.
 *
 * A word that is not in its list leaves the member unset: new values of the
 * protocol are not errors.
 *
 * @value  The struct the member is in. Texts are copied into the arena.
 *
 * Returns MALFORMED or TOO_LARGE for a text the member cannot hold, which
 * stays as it was, and NO_MEMORY.
 */
enum error field_read(const struct schema_field *field, struct slice text,
                      void *value, struct arena *arena);

/** Tell whether a member holds anything that would be written. */
bool field_is_set(const struct schema_field *field, const void *value);

/**
 * Append a member's text, escaped for an attribute or for content.
 *
 * Returns CHARACTER or UTF8 for a text XML cannot carry, and NO_MEMORY.
 */
enum xccos_error field_write(const struct schema_field *field,
                             const void *value, struct buffer *out);

/** Append a number in decimal. */
void field_write_number(struct buffer *out, uint64_t number);

#endif

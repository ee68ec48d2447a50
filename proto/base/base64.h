/* Base64 of RFC 4648, part 4: the standard alphabet, with padding, nothing
 * else let through.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_BASE64_H
#define PROTO_BASE_BASE64_H

#include <stddef.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

/** Append bytes as base64. */
void base64_write(struct buffer *to, struct slice bytes);

/**
 * Decode base64.
 *
 * @bytes_out  Room for capacity bytes; of more than that only the first
 *             capacity are written.
 * @n_out      How many bytes the text holds, also those not written.
 *
 * Returns MALFORMED for other characters, a length that is no multiple of 4,
 * or bits set that no byte takes.
 */
enum error base64_read(struct slice text, uint8_t *bytes_out, size_t capacity,
                       size_t *n_out);

#endif

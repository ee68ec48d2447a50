/* A growing run of bytes with one owner.
 *
 * Out of memory is remembered rather than returned at every append: a writer
 * appends all it has and asks buffer_failed once at the end.
 *
 * Thread: the owner's.
 */
#ifndef PROTO_BASE_BUFFER_H
#define PROTO_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

struct buffer {
    uint8_t *data;
    size_t len;      /* Bytes in use. */
    size_t capacity; /* Bytes allocated. */
    bool failed;     /* An append was lost for want of memory. */
};

#define BUFFER_EMPTY ((struct buffer){NULL, 0, 0, false})

/** Start with nothing allocated. */
void buffer_init(struct buffer *buffer);

/** Free what is held and start over. Accepts an already empty buffer. */
void buffer_deinit(struct buffer *buffer);

/** Forget the bytes but keep the memory; also forgets a failure. */
void buffer_clear(struct buffer *buffer);

/**
 * Make room for n more bytes.
 *
 * Returns where they go (n bytes, not yet counted in len), or NULL and marks
 * the buffer failed when memory is out.
 */
uint8_t *buffer_reserve(struct buffer *buffer, size_t n);

/** Append len bytes. */
void buffer_append(struct buffer *buffer, const void *data, size_t len);

/** Append a borrowed slice. */
void buffer_append_slice(struct buffer *buffer, struct slice slice);

/** Append a C string without its NUL. */
void buffer_append_text(struct buffer *buffer, const char *text);

/** Append what printf would print, without the NUL. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Remove the first n bytes, moving the rest to the front. n <= len. */
void buffer_consume(struct buffer *buffer, size_t n);

/** Borrow the bytes; valid until the buffer changes. */
struct slice buffer_slice(const struct buffer *buffer);

/** Tell whether any append was lost for want of memory. */
bool buffer_failed(const struct buffer *buffer);

#endif

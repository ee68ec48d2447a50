#include "proto/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { BUFFER_CAPACITY_MIN = 64 };

void buffer_init(struct buffer *buffer)
{
    *buffer = BUFFER_EMPTY;
}

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = BUFFER_EMPTY;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t n)
{
    size_t capacity = buffer->capacity;
    uint8_t *data;

    CHECK(buffer->len <= SIZE_MAX / 2 && n <= SIZE_MAX / 2);
    if (buffer->capacity - buffer->len >= n && buffer->data != NULL) {
        return buffer->data + buffer->len;
    }
    if (capacity < BUFFER_CAPACITY_MIN) {
        capacity = BUFFER_CAPACITY_MIN;
    }
    while (capacity < buffer->len + n) {
        capacity *= 2;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return NULL;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return data + buffer->len;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    uint8_t *to;

    if (len == 0) {
        return;
    }
    to = buffer_reserve(buffer, len);
    if (to != NULL) {
        memcpy(to, data, len);
        buffer->len += len;
    }
}

void buffer_append_slice(struct buffer *buffer, struct slice slice)
{
    buffer_append(buffer, slice.data, slice.len);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    uint8_t *to;
    int len;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(len >= 0);

    to = buffer_reserve(buffer, (size_t)len + 1);
    if (to == NULL) {
        return;
    }
    va_start(arguments, format);
    vsnprintf((char *)to, (size_t)len + 1, format, arguments);
    va_end(arguments);
    buffer->len += (size_t)len;
}

void buffer_consume(struct buffer *buffer, size_t n)
{
    CHECK(n <= buffer->len);
    if (n == 0) {
        return;
    }
    memmove(buffer->data, buffer->data + n, buffer->len - n);
    buffer->len -= n;
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return slice_of(buffer->data, buffer->len);
}

bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

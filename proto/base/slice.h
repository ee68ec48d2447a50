/* Borrowed bytes: a pointer and a length, never owned, not NUL terminated.
 *
 * Thread: any; a slice is as safe as the memory it borrows.
 */
#ifndef PROTO_BASE_SLICE_H
#define PROTO_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data; /* May be NULL when len is 0. */
    size_t len;          /* Bytes. */
};

#define SLICE_NONE ((struct slice){NULL, 0})

/* A slice of a string literal, without its NUL. */
#define SLICE_LITERAL(text)                                                    \
    ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})

/* For "%.*s". */
#define SLICE_PRINT(slice) (int)(slice).len, (const char *)(slice).data

/** Borrow len bytes at data. */
static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){data, len};
}

/** Borrow a C string without its NUL; NULL gives the empty slice. */
static inline struct slice slice_of_text(const char *text)
{
    return (struct slice){(const uint8_t *)text, text ? strlen(text) : 0};
}

/** Compare bytes for equality. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** Compare with a C string for equality. */
static inline bool slice_equal_text(struct slice a, const char *text)
{
    return slice_equal(a, slice_of_text(text));
}

/**
 * Order two slices by their bytes, the shorter first when one begins the
 * other.
 *
 * Returns less than, equal to or greater than 0, as memcmp does.
 */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);

    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/** Compare for equality, taking A-Z and a-z as the same, ASCII only. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        uint8_t x = a.data[i], y = b.data[i];
        x = (x >= 'A' && x <= 'Z') ? (uint8_t)(x + 32) : x;
        y = (y >= 'A' && y <= 'Z') ? (uint8_t)(y + 32) : y;
        if (x != y) {
            return false;
        }
    }
    return true;
}

/** Tell whether text begins with prefix. */
static inline bool slice_begins(struct slice text, struct slice prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0);
}

/** Drop the first n bytes; all of them when there are fewer. */
static inline struct slice slice_after(struct slice slice, size_t n)
{
    if (n >= slice.len) {
        return SLICE_NONE;
    }
    return (struct slice){slice.data + n, slice.len - n};
}

#endif

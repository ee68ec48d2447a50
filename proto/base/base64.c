#include "proto/base/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buffer *to, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = (uint32_t)bytes.data[i] << 16;
        char quad[4];

        bits |= n > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        bits |= n > 2 ? bytes.data[i + 2] : 0;
        quad[0] = alphabet[bits >> 18];
        quad[1] = alphabet[bits >> 12 & 63];
        quad[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
        quad[3] = n > 2 ? alphabet[bits & 63] : '=';
        buffer_append(to, quad, sizeof(quad));
    }
}

/* A character's 6 bits; -1 for none of the alphabet. */
static int value_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last pad of which are padding, as 24 bits. */
static enum error read_quad(const uint8_t *quad, unsigned pad,
                            uint32_t *bits_out)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        int value = i < 4 - pad ? value_of(quad[i]) : 0;

        if (value < 0) {
            return ERROR_MALFORMED;
        }
        bits = bits << 6 | (uint32_t)value;
    }
    *bits_out = bits;
    return (bits & ((1U << 8 * pad) - 1)) == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

enum error base64_read(struct slice text, uint8_t *bytes_out, size_t capacity,
                       size_t *n_out)
{
    size_t n = 0;

    if (text.len % 4 != 0) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        const uint8_t *quad = text.data + i;
        unsigned pad = 0;
        uint32_t bits;

        if (i + 4 == text.len && quad[3] == '=') {
            pad = quad[2] == '=' ? 2 : 1;
        }
        TRY(read_quad(quad, pad, &bits));
        for (unsigned at = 0; at < 3 - pad; at++, n++) {
            if (n < capacity) {
                bytes_out[n] = (uint8_t)(bits >> (16 - 8 * at));
            }
        }
    }
    *n_out = n;
    return ERROR_NONE;
}

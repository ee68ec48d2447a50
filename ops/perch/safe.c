#include "ops/perch/safe.h"

#include <stdbool.h>

static size_t length_of(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t safe_character(struct slice text, uint32_t *code_out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t len = text.len == 0 ? 0 : length_of(text.data[0]);
    uint32_t code;

    if (text.len == 0) {
        return 0;
    }
    *code_out = SAFE_NO_CHARACTER + text.data[0];
    if (len == 0 || len > text.len) {
        return 1;
    }
    code = text.data[0] & mask[len];
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80) {
            return 1;
        }
        code = code << 6 | (text.data[i] & 0x3f);
    }
    if (code < least[len] || code >= SAFE_NO_CHARACTER ||
        (code >= 0xd800 && code <= 0xdfff)) {
        return 1;
    }
    *code_out = code;
    return len;
}

/* Whether a character does something to what is around it. */
static bool acts(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
           (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe007f);
}

static void put(struct buffer *out, struct slice bytes, uint32_t code)
{
    if (code >= SAFE_NO_CHARACTER) {
        buffer_printf(out, "\\x%02x", code - SAFE_NO_CHARACTER);
    } else if (acts(code)) {
        buffer_printf(out, code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
    } else {
        buffer_append_slice(out, bytes);
    }
}

void safe_line(struct buffer *out, struct slice text)
{
    uint32_t code;
    size_t len;

    while ((len = safe_character(text, &code)) > 0) {
        put(out, slice_of(text.data, len), code);
        text = slice_after(text, len);
    }
}

void safe_lines(struct buffer *out, struct slice text, const char *margin)
{
    uint32_t code;
    size_t len;

    while ((len = safe_character(text, &code)) > 0) {
        bool is_crlf = code == '\r' && text.len > 1 && text.data[1] == '\n';

        if (code == '\n') {
            buffer_append_text(out, "\n");
            buffer_append_text(out, margin);
        } else if (code == '\t') {
            buffer_append_text(out, "    ");
        } else if (!is_crlf) {
            put(out, slice_of(text.data, len), code);
        }
        text = slice_after(text, len);
    }
}

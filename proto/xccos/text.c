#include "proto/xccos/text.h"

#include <stdint.h>
#include <string.h>

/* What a byte asks of the escaping loop. */
enum byte_class {
    BYTE_PLAIN = 0, /* Copied as it is. */
    BYTE_BANNED,    /* A control XML 1.0 cannot carry. */
    BYTE_LEADS,     /* Begins (or wrongly continues) a longer character. */
    BYTE_AMP,
    BYTE_LT,
    BYTE_GT,
    BYTE_QUOTE,
    BYTE_TAB,
    BYTE_LF,
    BYTE_CR,
    BYTE_CLASSES,
};

static const struct {
    const char *text;
    size_t len;
} references[BYTE_CLASSES] = {
    [BYTE_AMP] = {"&amp;", 5}, [BYTE_LT] = {"&lt;", 4},
    [BYTE_GT] = {"&gt;", 4},   [BYTE_QUOTE] = {"&quot;", 6},
    [BYTE_TAB] = {"&#9;", 4},  [BYTE_LF] = {"&#10;", 5},
    [BYTE_CR] = {"&#13;", 5},
};

static const uint8_t content_classes[256] = {
    [0x00 ... 0x08] = BYTE_BANNED,
    [0x0b ... 0x0c] = BYTE_BANNED,
    [0x0d] = BYTE_CR,
    [0x0e ... 0x1f] = BYTE_BANNED,
    ['&'] = BYTE_AMP,
    ['<'] = BYTE_LT,
    ['>'] = BYTE_GT,
    [0x80 ... 0xff] = BYTE_LEADS,
};

static const uint8_t attribute_classes[256] = {
    [0x00 ... 0x08] = BYTE_BANNED,
    [0x09] = BYTE_TAB,
    [0x0a] = BYTE_LF,
    [0x0b ... 0x0c] = BYTE_BANNED,
    [0x0d] = BYTE_CR,
    [0x0e ... 0x1f] = BYTE_BANNED,
    ['"'] = BYTE_QUOTE,
    ['&'] = BYTE_AMP,
    ['<'] = BYTE_LT,
    ['>'] = BYTE_GT,
    [0x80 ... 0xff] = BYTE_LEADS,
};

/* Find the range the second byte of a character must lie in. */
static void second_byte_range(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
}

/* Measure the character that a byte of 0x80 or more begins.
 *
 * Spec: The Unicode Standard, table 3-7 (well-formed byte sequences). */
static enum xccos_error measure(const uint8_t *at, const uint8_t *end,
                                size_t *len_out)
{
    uint8_t lead = at[0], low, high;
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (lead < 0xc2 || lead > 0xf4 || (size_t)(end - at) < len) {
        return XCCOS_ERROR_UTF8;
    }
    second_byte_range(lead, &low, &high);
    if (at[1] < low || at[1] > high) {
        return XCCOS_ERROR_UTF8;
    }
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return XCCOS_ERROR_UTF8;
        }
    }
    if (lead == 0xef && at[1] == 0xbf && at[2] >= 0xbe) {
        return XCCOS_ERROR_CHARACTER; /* U+FFFE, U+FFFF */
    }
    *len_out = len;
    return XCCOS_ERROR_NONE;
}

enum xccos_error xccos_text_check(struct slice text, size_t *characters_out)
{
    const uint8_t *at = text.data;
    size_t characters = 0, left = text.len, len;

    for (; left > 0; at += len, left -= len, characters++) {
        len = 1;
        if (content_classes[*at] == BYTE_BANNED) {
            return XCCOS_ERROR_CHARACTER;
        }
        if (content_classes[*at] == BYTE_LEADS) {
            XCCOS_TRY(measure(at, at + left, &len));
        }
    }
    if (characters_out != NULL) {
        *characters_out = characters;
    }
    return XCCOS_ERROR_NONE;
}

/* Check a text and count what escaping makes of it. */
static enum xccos_error count(struct slice text, const uint8_t classes[256],
                              size_t *bytes_out)
{
    const uint8_t *at = text.data, *end = text.data + text.len;
    size_t bytes = text.len, len;

    while (at < end) {
        enum byte_class class = classes[*at];

        if (class == BYTE_PLAIN) {
            at++;
        } else if (class == BYTE_LEADS) {
            XCCOS_TRY(measure(at, end, &len));
            at += len;
        } else if (class == BYTE_BANNED) {
            return XCCOS_ERROR_CHARACTER;
        } else {
            bytes += references[class].len - 1;
            at++;
        }
    }
    *bytes_out = bytes;
    return XCCOS_ERROR_NONE;
}

/* Copy a text of which some bytes go out as references. */
static void copy_escaped(uint8_t *to, struct slice text,
                         const uint8_t classes[256])
{
    for (size_t i = 0; i < text.len; i++) {
        size_t len = references[classes[text.data[i]]].len;

        if (len == 0) {
            *to++ = text.data[i];
        } else {
            memcpy(to, references[classes[text.data[i]]].text, len);
            to += len;
        }
    }
}

static enum xccos_error escape(struct buffer *out, struct slice text,
                               const uint8_t classes[256])
{
    size_t bytes;
    uint8_t *to;

    if (text.len == 0) {
        return XCCOS_ERROR_NONE;
    }
    XCCOS_TRY(count(text, classes, &bytes));
    to = buffer_reserve(out, bytes);
    if (to == NULL) {
        return XCCOS_ERROR_NO_MEMORY;
    }
    if (bytes == text.len) {
        memcpy(to, text.data, bytes);
    } else {
        copy_escaped(to, text, classes);
    }
    out->len += bytes;
    return XCCOS_ERROR_NONE;
}

enum xccos_error xccos_text_escape(struct buffer *out, struct slice text)
{
    return escape(out, text, content_classes);
}

enum xccos_error xccos_text_escape_attribute(struct buffer *out,
                                             struct slice text)
{
    return escape(out, text, attribute_classes);
}

size_t xccos_text_escaped_bytes(struct slice text, bool in_attribute)
{
    const uint8_t *classes = in_attribute ? attribute_classes : content_classes;
    size_t bytes = text.len;

    for (size_t i = 0; i < text.len; i++) {
        size_t len = references[classes[text.data[i]]].len;

        bytes += len == 0 ? 0 : len - 1;
    }
    return bytes;
}

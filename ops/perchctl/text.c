#include "ops/perchctl/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"

void text_lower(const char *text, char *to, size_t room)
{
    size_t i = 0;

    for (; text[i] != '\0' && i + 1 < room; i++) {
        to[i] =
            text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
    }
    to[i] = '\0';
}

/* Bytes of the character that begins here by its first byte; 0: none does. */
static size_t announced(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Whether the bytes are one whole character; jansson is the judge. */
static bool is_character(const uint8_t *at, size_t len)
{
    json_t *judged = json_stringn((const char *)at, len);
    bool good = judged != NULL;

    json_decref(judged);
    return good;
}

static json_t *repaired(struct slice bytes)
{
    struct buffer good = BUFFER_EMPTY;
    json_t *text;
    size_t i = 0;

    while (i < bytes.len) {
        size_t len = announced(bytes.data[i]);

        if (len > 0 && i + len <= bytes.len &&
            is_character(bytes.data + i, len)) {
            buffer_append(&good, bytes.data + i, len);
            i += len;
        } else {
            buffer_append_text(&good, "\xef\xbf\xbd");
            i++;
        }
    }
    CHECK(!buffer_failed(&good));
    text = json_stringn((const char *)good.data, good.len);
    buffer_deinit(&good);
    return text;
}

json_t *text_json(struct slice bytes)
{
    json_t *text = bytes.len == 0
                       ? json_string("")
                       : json_stringn((const char *)bytes.data, bytes.len);

    if (text == NULL) {
        text = repaired(bytes);
    }
    CHECK(text != NULL);
    return text;
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

/* Control characters of ASCII and, as UTF-8, of Latin-1. */
static bool is_control(const char *at)
{
    unsigned char first = (unsigned char)at[0];

    return first < 0x20 || first == 0x7f ||
           (first == 0xc2 && (unsigned char)at[1] < 0xa0);
}

void text_print(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_control(text)) {
            fputc('?', to);
            text += (unsigned char)*text == 0xc2;
        } else {
            fputc(*text, to);
        }
    }
}

#include "node/chat/text.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/limits.h"
#include "proto/base/check.h"

struct text *text_new(struct slice bytes)
{
    struct text *text;

    if (bytes.len == 0) {
        return NULL;
    }
    CHECK(bytes.len <= UINT32_MAX);
    text = malloc(sizeof(*text) + bytes.len);
    CHECK(text != NULL);
    text->len = (uint32_t)bytes.len;
    memcpy(text->bytes, bytes.data, bytes.len);
    return text;
}

void text_free(struct text *text)
{
    free(text);
}

void text_replace(struct text **text, struct slice bytes)
{
    struct text *replaced = *text;

    *text = text_new(bytes);
    text_free(replaced);
}

struct slice text_slice(const struct text *text)
{
    return text == NULL ? SLICE_NONE : slice_of(text->bytes, text->len);
}

/* The first byte of a sequence tells its length, the payload bits it holds and
 * the least code point that needs so many bytes. */
static const struct lead {
    uint8_t mask, sign;
    uint8_t len;
    uint32_t least;
} leads[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if ((byte & leads[i].mask) == leads[i].sign) {
            return &leads[i];
        }
    }
    return NULL;
}

/* Read one code point. Returns its length in bytes, 0 when it is malformed. */
static size_t read_code_point(struct slice bytes, uint32_t *point_out)
{
    const struct lead *lead = lead_of(bytes.data[0]);
    uint32_t point;

    if (lead == NULL || bytes.len < lead->len) {
        return 0;
    }
    point = bytes.data[0] & (uint8_t)~lead->mask;
    for (size_t i = 1; i < lead->len; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (bytes.data[i] & 0x3f);
    }
    if (point < lead->least || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *point_out = point;
    return lead->len;
}

/* Everything else below U+FFFE is a character once it is valid UTF-8. */
static bool is_xml_character(uint32_t point)
{
    if (point < 0x20) {
        return point == '\t' || point == '\n' || point == '\r';
    }
    return point != 0xfffe && point != 0xffff;
}

enum text_fault text_check(struct slice bytes, uint64_t *characters_out)
{
    enum text_fault fault = TEXT_FINE;
    uint64_t characters = 0;
    size_t at = 0;

    while (at < bytes.len) {
        uint32_t point = bytes.data[at];
        size_t len = 1;

        if (point >= 0x80) {
            len = read_code_point(slice_after(bytes, at), &point);
        }
        if (len == 0) {
            return TEXT_NOT_UTF8; /* Worse than a bad character before it. */
        }
        if (!is_xml_character(point)) {
            fault = TEXT_NOT_CHARACTER;
        }
        at += len;
        characters += 1;
    }
    *characters_out = characters;
    return fault;
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20) {
            return true;
        }
    }
    return false;
}

enum outcome text_check_line(struct slice line, uint64_t characters_max,
                             enum outcome too_long)
{
    uint64_t characters;

    if (text_check(line, &characters) != TEXT_FINE || has_control(line)) {
        return OUTCOME_NAME_CHARACTER;
    }
    return characters > characters_max ? too_long : OUTCOME_DONE;
}

bool text_is_visible(struct slice bytes, size_t max)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] <= 0x20 || bytes.data[i] >= 0x7f) {
            return false;
        }
    }
    return bytes.len >= 1 && bytes.len <= max;
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool is_alphanumeric(uint8_t byte)
{
    return (fold(byte) >= 'a' && fold(byte) <= 'z') ||
           (byte >= '0' && byte <= '9');
}

static bool begins(struct slice url, const char *scheme)
{
    struct slice start = slice_of_text(scheme);

    return url.len > start.len &&
           slice_equal_nocase(slice_of(url.data, start.len), start);
}

/* No other scheme, and nothing that must be escaped. */
bool text_is_web_url(struct slice bytes, size_t max)
{
    return text_is_visible(bytes, max) &&
           (begins(bytes, "https://") || begins(bytes, "http://"));
}

bool text_is_domain(struct slice bytes)
{
    size_t label = 0; /* Length of the label so far. */

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        bool ends = i + 1 == bytes.len || bytes.data[i + 1] == '.';

        if (byte == '.' && label > 0) {
            label = 0;
            continue;
        }
        label += 1;
        if (!is_alphanumeric(byte) && (byte != '-' || label == 1 || ends)) {
            return false;
        }
        if (label > 63) {
            return false;
        }
    }
    return label > 0 && bytes.len <= DOMAIN_BYTES_MAX;
}

/* What may stand before the @, besides letters and digits. */
static bool is_user_mark(uint8_t byte)
{
    return byte != 0 && strchr("-_.!~*'()&=+$,%", byte) != NULL;
}

bool text_is_sip_uri(struct slice bytes)
{
    struct slice rest = slice_after(bytes, 4);
    size_t name = 0;

    if (bytes.len < 4 || bytes.len > URI_BYTES_MAX ||
        !slice_equal_nocase(slice_of(bytes.data, 4), SLICE_LITERAL("sip:"))) {
        return false;
    }
    while (name < rest.len && rest.data[name] != '@') {
        if (!is_alphanumeric(rest.data[name]) &&
            !is_user_mark(rest.data[name])) {
            return false;
        }
        name += 1;
    }
    return name > 0 && text_is_domain(slice_after(rest, name + 1));
}

void text_fold(uint8_t *to, struct slice from)
{
    for (size_t i = 0; i < from.len; i++) {
        to[i] = fold(from.data[i]);
    }
}

int text_compare_nocase(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < shared; i++) {
        int order = fold(a.data[i]) - fold(b.data[i]);

        if (order != 0) {
            return order;
        }
    }
    return (a.len > b.len) - (a.len < b.len);
}

bool text_contains_nocase(struct slice text, struct slice needle)
{
    for (size_t at = 0; at + needle.len <= text.len; at++) {
        struct slice part = slice_of(text.data + at, needle.len);

        if (slice_equal_nocase(part, needle)) {
            return true;
        }
    }
    return needle.len == 0;
}

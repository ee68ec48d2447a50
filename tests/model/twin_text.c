#include "tests/model/twin.h"

#include <ctype.h>
#include <string.h>

bool twin_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* The C locale's tolower knows ASCII alone. */
bool twin_same_nocase(const void *a, size_t a_len, const void *b, size_t b_len)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < a_len && a_len == b_len; i++) {
        if (tolower(x[i]) != tolower(y[i])) {
            return false;
        }
    }
    return a_len == b_len;
}

void twin_copy(struct twin_text *to, ProtobufCBinaryData from, bool lower)
{
    memset(to, 0, sizeof(*to));
    to->len = from.len < TWIN_TEXT ? from.len : TWIN_TEXT;
    for (size_t i = 0; i < to->len; i++) {
        to->bytes[i] = (char)(lower ? tolower(from.data[i]) : from.data[i]);
    }
}

bool twin_is_domain(const char *bytes, size_t len)
{
    char text[300];
    char *rest = text, *label;

    if (len == 0 || len > DOMAIN_BYTES_MAX || memchr(bytes, 0, len) != NULL) {
        return false;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    while ((label = strsep(&rest, ".")) != NULL) {
        size_t n = strlen(label);

        if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-' ||
            strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != n) {
            return false;
        }
    }
    return true;
}

bool twin_is_sip(ProtobufCBinaryData uri)
{
    const char *text = (const char *)uri.data;
    const char *at = uri.len == 0 ? NULL : memchr(text, '@', uri.len);
    size_t name;

    if (uri.len > URI_BYTES_MAX || at == NULL || at - text < 5 ||
        strncasecmp(text, "sip:", 4) != 0) {
        return false;
    }
    name = (size_t)(at - text) - 4;
    for (size_t i = 0; i < name; i++) {
        char c = text[4 + i];

        if (c == '\0' || strchr("abcdefghijklmnopqrstuvwxyz0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!~*'()&=+$,%",
                                c) == NULL) {
            return false;
        }
    }
    return twin_is_domain(at + 1, uri.len - name - 5);
}

bool twin_is_visible(ProtobufCBinaryData bytes, size_t max)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!isgraph(bytes.data[i])) {
            return false;
        }
    }
    return bytes.len > 0 && bytes.len <= max;
}

/* The one way to write a code point. */
static size_t encode(uint32_t point, uint8_t *to)
{
    if (point < 0x80) {
        to[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (uint8_t)(0xc0 + point / 64);
        to[1] = (uint8_t)(0x80 + point % 64);
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (uint8_t)(0xe0 + point / 4096);
        to[1] = (uint8_t)(0x80 + point / 64 % 64);
        to[2] = (uint8_t)(0x80 + point % 64);
        return 3;
    }
    to[0] = (uint8_t)(0xf0 + point / 262144);
    to[1] = (uint8_t)(0x80 + point / 4096 % 64);
    to[2] = (uint8_t)(0x80 + point / 64 % 64);
    to[3] = (uint8_t)(0x80 + point % 64);
    return 4;
}

/* Guess the code point from the bytes, write it, and see whether it is those
 * bytes: every malformed form fails. */
static size_t decode(const uint8_t *bytes, size_t len, uint32_t *point)
{
    static const uint8_t bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    for (size_t n = 1; n <= 4 && n <= len; n++) {
        uint32_t guess = bytes[0] & bits[n];
        uint8_t written[4];

        for (size_t i = 1; i < n; i++) {
            guess = guess * 64 + (bytes[i] & 63);
        }
        if (guess <= 0x10ffff && (guess < 0xd800 || guess > 0xdfff) &&
            encode(guess, written) == n && memcmp(written, bytes, n) == 0) {
            *point = guess;
            return n;
        }
    }
    return 0;
}

long twin_characters(ProtobufCBinaryData bytes)
{
    long n = 0;
    bool bad = false;

    for (size_t at = 0; at < bytes.len; n++) {
        uint32_t point = 0;
        size_t len = decode(bytes.data + at, bytes.len - at, &point);

        if (len == 0) {
            return -1;
        }
        if ((point < 32 && point != 9 && point != 10 && point != 13) ||
            point == 0xfffe || point == 0xffff) {
            bad = true;
        }
        at += len;
    }
    return bad ? -2 : n;
}

enum outcome twin_check_line(ProtobufCBinaryData line, enum outcome too_long)
{
    long n = twin_characters(line);

    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] < 32) {
            return OUTCOME_NAME_CHARACTER;
        }
    }
    if (n < 0) {
        return OUTCOME_NAME_CHARACTER;
    }
    return n > 256 ? too_long : OUTCOME_DONE;
}

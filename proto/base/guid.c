#include "proto/base/guid.h"

static const char digits[] = "0123456789abcdef";

/* Offsets of the four hyphens in the 36-character form. */
static bool is_hyphen(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

struct guid guid_from_random(const uint8_t random[GUID_BYTES])
{
    struct guid guid;

    memcpy(guid.bytes, random, GUID_BYTES);
    guid.bytes[6] = (uint8_t)((guid.bytes[6] & 0x0f) | 0x40); /* version 4 */
    guid.bytes[8] = (uint8_t)((guid.bytes[8] & 0x3f) | 0x80); /* variant */
    return guid;
}

enum error guid_read(struct slice text, struct guid *guid_out)
{
    struct guid guid = {{0}};
    size_t nibble = 0;

    if (text.len != GUID_TEXT_BYTES) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = digit_value(text.data[i]);

        if (is_hyphen(i)) {
            if (text.data[i] != '-') {
                return ERROR_MALFORMED;
            }
            continue;
        }
        if (value < 0) {
            return ERROR_MALFORMED;
        }
        guid.bytes[nibble / 2] =
            (uint8_t)(guid.bytes[nibble / 2] << 4 | (uint8_t)value);
        nibble++;
    }
    *guid_out = guid;
    return ERROR_NONE;
}

void guid_write(const struct guid *guid, char text[GUID_TEXT_BYTES + 1])
{
    size_t at = 0;

    for (size_t i = 0; i < GUID_BYTES; i++) {
        if (is_hyphen(at)) {
            text[at++] = '-';
        }
        text[at++] = digits[guid->bytes[i] >> 4];
        text[at++] = digits[guid->bytes[i] & 0x0f];
    }
    text[at] = '\0';
}

bool guid_is_nil(const struct guid *guid)
{
    static const struct guid nil;

    return guid_compare(guid, &nil) == 0;
}

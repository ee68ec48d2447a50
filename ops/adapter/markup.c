#include "ops/adapter/markup.h"

/* U+FFFE and U+FFFF, EF BF BE and EF BF BF: the only characters beyond ASCII
 * that UTF-8 has and XML has not. */
static bool is_none(const uint8_t *at, size_t rest)
{
    return rest >= 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
}

static bool is_control(uint8_t byte)
{
    return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
}

bool markup_can_say(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.data[i]) || is_none(text.data + i, text.len - i)) {
            return false;
        }
    }
    return true;
}

/* What a byte becomes; NULL when it stays. */
static const char *replacement(uint8_t byte, bool in_attribute)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\r':
        return "&#13;";
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    default:
        return is_control(byte) ? "\xef\xbf\xbd" : NULL;
    }
}

static void append(struct buffer *to, struct slice text, bool in_attribute)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *instead = replacement(text.data[i], in_attribute);
        size_t bytes = 1;
        if (is_none(text.data + i, text.len - i)) {
            instead = "\xef\xbf\xbd";
            bytes = 3;
        }
        if (instead == NULL) {
            continue;
        }
        buffer_append(to, text.data + from, i - from);
        buffer_append_text(to, instead);
        i += bytes - 1;
        from = i + 1;
    }
    buffer_append_slice(to, slice_after(text, from));
}

void markup_text(struct buffer *to, struct slice text)
{
    append(to, text, false);
}

void markup_attribute(struct buffer *to, const char *name, struct slice value)
{
    buffer_printf(to, " %s=\"", name);
    append(to, value, true);
    buffer_append_text(to, "\"");
}

void markup_number(struct buffer *to, const char *name, int64_t number)
{
    buffer_printf(to, " %s=\"%" PRId64 "\"", name, number);
}

#include "ops/client/value.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice value_trim(struct slice text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text = slice_after(text, 1);
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

bool value_number(struct slice text, uint32_t max, uint32_t *number_out)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > 10) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (number > max) {
        return false;
    }
    *number_out = (uint32_t)number;
    return true;
}

/* Find a character outside of quotes and, when asked, of <>; the length of
 * the text when it is not there. */
static size_t find_outside(struct slice text, char wanted, bool skip_angles)
{
    bool in_quotes = false, in_angles = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];

        if (in_quotes && c == '\\') {
            i++;
        } else if (c == '"' && !in_angles) {
            in_quotes = !in_quotes;
        } else if (in_quotes) {
            continue;
        } else if (c == wanted && !in_angles) {
            return i;
        } else if (skip_angles && (c == '<' || c == '>')) {
            in_angles = c == '<';
        }
    }
    return text.len;
}

struct slice value_word(struct slice value)
{
    value.len = find_outside(value, ';', true);
    return value_trim(value);
}

struct slice value_uri(struct slice value)
{
    size_t open = find_outside(value, '<', false);
    struct slice inner;
    const uint8_t *close;

    if (open == value.len) {
        value = value_word(value);
        return value.len == 0 ? SLICE_NONE : value;
    }
    inner = slice_after(value, open + 1);
    close = inner.len == 0 ? NULL : memchr(inner.data, '>', inner.len);
    if (close == NULL) {
        return SLICE_NONE;
    }
    return value_trim(slice_of(inner.data, (size_t)(close - inner.data)));
}

static struct slice unquote(struct slice text)
{
    if (text.len >= 2 && text.data[0] == '"' &&
        text.data[text.len - 1] == '"') {
        return slice_of(text.data + 1, text.len - 2);
    }
    return text;
}

/* Find name=text among parts that a separator keeps apart. */
static struct slice find_part(struct slice parts, char separator,
                              const char *name)
{
    while (parts.len > 0) {
        size_t end = find_outside(parts, separator, true);
        struct slice part = slice_of(parts.data, end);
        size_t equals = find_outside(part, '=', true);
        struct slice key = value_trim(slice_of(part.data, equals));

        if (slice_equal_nocase(key, slice_of_text(name))) {
            struct slice text = value_trim(slice_after(part, equals + 1));

            return text.data == NULL ? slice_of("", 0) : unquote(text);
        }
        parts = slice_after(parts, end + 1);
    }
    return SLICE_NONE;
}

struct slice value_param(struct slice value, const char *name)
{
    return find_part(slice_after(value, find_outside(value, ';', true) + 1),
                     ';', name);
}

struct slice value_auth_param(struct slice value, const char *name)
{
    struct slice text = value_trim(value);
    size_t word = 0;

    while (word < text.len && !is_blank(text.data[word])) {
        word++;
    }
    return find_part(slice_after(text, word), ',', name);
}

bool value_begins_with_word(struct slice value, const char *word)
{
    struct slice text = value_trim(value);
    size_t len = strlen(word);

    return text.len >= len &&
           slice_equal_nocase(slice_of(text.data, len), slice_of_text(word)) &&
           (text.len == len || is_blank(text.data[len]) ||
            text.data[len] == ';' || text.data[len] == ',');
}

#include "proto/tlog/note_text.h"

#include "proto/tlog/note.h"

enum { CHARACTER_BAD = 0xffffffff };

/* How many bytes a character has that begins so; 0 for none. */
static unsigned bytes_of(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) { /* Overlong, or beyond U+10FFFF. */
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Cut off the next character of a text that has one. CHARACTER_BAD for what is
 * not UTF-8. */
static uint32_t next_character(struct slice *rest)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned n = bytes_of(rest->data[0]);
    uint32_t c;

    if (n == 0 || n > rest->len) {
        return CHARACTER_BAD;
    }
    c = n == 1 ? rest->data[0] : rest->data[0] & (0x7fU >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((rest->data[i] & 0xc0) != 0x80) {
            return CHARACTER_BAD;
        }
        c = c << 6 | (rest->data[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return CHARACTER_BAD;
    }
    *rest = slice_after(*rest, n);
    return c;
}

/* Unicode's property White_Space. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool note_text_allowed(struct slice text)
{
    while (text.len > 0) {
        uint32_t c = next_character(&text);

        if (c == CHARACTER_BAD || (c < 0x20 && c != '\n')) {
            return false;
        }
    }
    return true;
}

bool note_name_formed(struct slice name)
{
    if (name.len == 0) {
        return false;
    }
    while (name.len > 0) {
        uint32_t c = next_character(&name);

        if (c == CHARACTER_BAD || c < 0x20 || c == '+' || is_space(c)) {
            return false;
        }
    }
    return true;
}

bool note_name_allowed(struct slice name)
{
    return name.len <= NOTE_NAME_BYTES_MAX && note_name_formed(name);
}

bool note_next_line(struct slice *rest, struct slice *line_out)
{
    const uint8_t *newline =
        rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);

    if (newline == NULL) {
        return false;
    }
    *line_out = slice_of(rest->data, (size_t)(newline - rest->data));
    *rest = slice_after(*rest, line_out->len + 1);
    return true;
}

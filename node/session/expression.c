#include "node/session/expression.h"

#include "proto/base/check.h"

/* A character of a word, in a script that puts blanks between words. */
#define WORDLY                                                                 \
    "[^\\W\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Thai}\\p{Lao}\\p{Khmer}"       \
    "\\p{Myanmar}]"
/* What begins or ends within a word is not that word. */
#define BEFORE "(?(?=" WORDLY ")(?<!" WORDLY "))"
#define AFTER  "(?(?<=" WORDLY ")(?!" WORDLY "))"

static bool is_kind(struct slice expression, const char *kind,
                    struct slice *text_out)
{
    struct slice name = slice_of_text(kind);

    if (expression.len <= name.len ||
        !slice_equal(slice_of(expression.data, name.len), name)) {
        return false;
    }
    *text_out = slice_after(expression, name.len);
    return true;
}

static bool is_letter_or_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

static void write_byte(struct buffer *to, uint8_t byte)
{
    if (!is_letter_or_digit(byte)) {
        buffer_append(to, "\\", 1);
    }
    buffer_append(to, &byte, 1);
}

/* Blanks side by side are one. */
static void write_text(struct buffer *to, struct slice text, bool likes)
{
    bool was_blank = false;

    for (size_t i = 0; i < text.len; i++) {
        bool is_blank = text.data[i] == ' ';

        if (is_blank && !was_blank) {
            buffer_append_text(to, "\\s+");
        } else if (likes && text.data[i] == '?') {
            buffer_append_text(to, "\\S");
        } else if (!is_blank) {
            write_byte(to, text.data[i]);
        }
        was_blank = is_blank;
    }
}

static void write_words(struct buffer *to, struct slice text)
{
    buffer_append_text(to, BEFORE);
    write_text(to, text, false);
    buffer_append_text(to, AFTER);
}

/* The text up to the next star; the rest begins with it. */
static struct slice take_piece(struct slice *rest)
{
    size_t len = 0;
    struct slice piece;

    while (len < rest->len && rest->data[len] != '*') {
        len += 1;
    }
    piece = slice_of(rest->data, len);
    *rest = slice_after(*rest, len);
    return piece;
}

static bool skip_stars(struct slice *rest)
{
    bool any = false;

    while (rest->len > 0 && rest->data[0] == '*') {
        *rest = slice_after(*rest, 1);
        any = true;
    }
    return any;
}

/* A piece between stars is looked for once, where it comes first: that finds
 * all there is to be found, and takes no longer than the text is long. Only
 * the last may have to go on until its word ends. */
static void write_like(struct buffer *to, struct slice text)
{
    bool is_open = skip_stars(&text);
    struct slice piece = take_piece(&text);

    buffer_append_text(to, is_open ? "" : BEFORE);
    write_text(to, piece, true);
    is_open = skip_stars(&text);
    while (text.len > 0) {
        bool is_last;

        piece = take_piece(&text);
        is_open = skip_stars(&text);
        is_last = text.len == 0 && !is_open;
        buffer_append_text(to, is_last ? "\\S*?" : "(?>\\S*?");
        write_text(to, piece, true);
        buffer_append_text(to, is_last ? "" : ")");
    }
    buffer_append_text(to, is_open ? "" : AFTER);
}

bool expression_write(struct slice expression, struct buffer *to,
                      bool *is_regex_out)
{
    struct slice text;

    *is_regex_out = false;
    if (is_kind(expression, "word:", &text)) {
        write_words(to, text);
    } else if (is_kind(expression, "like:", &text)) {
        write_like(to, text);
    } else if (is_kind(expression, "regex:", &text)) {
        buffer_append_slice(to, text);
        *is_regex_out = true;
    } else {
        return false;
    }
    return true;
}

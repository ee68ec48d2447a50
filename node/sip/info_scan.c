#include "node/sip/info_scan.h"

/* What a piece of markup is. */
enum tag_kind { TAG_START, TAG_EMPTY, TAG_END, TAG_OTHER, TAG_BROKEN };

static size_t find(struct slice text, const char *what)
{
    const uint8_t *at =
        text.len == 0 ? NULL : memmem(text.data, text.len, what, strlen(what));

    return at == NULL ? SIZE_MAX : (size_t)(at - text.data);
}

/* The length of markup that ends with a given text. */
static size_t length_until(struct slice text, const char *end)
{
    size_t at = find(text, end);

    return at == SIZE_MAX ? SIZE_MAX : at + strlen(end);
}

/* The length of a start or end tag: to the first ">" outside of quotes. */
static size_t tag_length(struct slice text)
{
    uint8_t quote = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            return i + 1;
        }
    }
    return SIZE_MAX;
}

/* The name without its prefix. */
static struct slice local_name(struct slice tag)
{
    size_t n = 0;
    const uint8_t *colon;

    while (n < tag.len && tag.data[n] > ' ' && tag.data[n] != '>' &&
           tag.data[n] != '/') {
        n++;
    }
    colon = n == 0 ? NULL : memchr(tag.data, ':', n);
    if (colon == NULL) {
        return slice_of(tag.data, n);
    }
    return slice_of(colon + 1, n - (size_t)(colon + 1 - tag.data));
}

/* Take the next markup off the text, skipping what stands before it. */
static enum tag_kind take_tag(struct slice *text, struct slice *name)
{
    struct slice rest = slice_after(*text, find(*text, "<"));
    enum tag_kind kind = TAG_OTHER;
    size_t len;

    if (slice_begins(rest, SLICE_LITERAL("<!--"))) {
        len = length_until(slice_after(rest, 4), "-->");
        len += len == SIZE_MAX ? 0 : 4;
    } else if (slice_begins(rest, SLICE_LITERAL("<![CDATA["))) {
        len = length_until(rest, "]]>");
    } else if (slice_begins(rest, SLICE_LITERAL("<?"))) {
        len = length_until(rest, "?>");
    } else if (slice_begins(rest, SLICE_LITERAL("<!")) || rest.len < 2) {
        return TAG_BROKEN; /* No DOCTYPE, and the root must end. */
    } else {
        len = tag_length(rest);
        kind = rest.data[1] == '/' ? TAG_END : TAG_START;
    }
    if (len == SIZE_MAX) {
        return TAG_BROKEN;
    }
    if (kind == TAG_START && len >= 3 && rest.data[len - 2] == '/') {
        kind = TAG_EMPTY;
    }
    *name = local_name(slice_of(rest.data + 1, len - 1));
    *text = slice_after(rest, len);
    return kind;
}

enum info_kind info_scan(struct slice body)
{
    struct slice name = SLICE_NONE;
    size_t depth = 0;

    for (;;) {
        enum tag_kind kind = take_tag(&body, &name);

        if (kind == TAG_BROKEN || (kind == TAG_END && depth == 0)) {
            return INFO_MALFORMED;
        }
        if (kind == TAG_OTHER) {
            continue;
        }
        if (depth == 0 && !slice_equal_text(name, "xccos")) {
            return INFO_MALFORMED;
        }
        if (depth == 1 && kind != TAG_END &&
            slice_equal_text(name, "grpchat")) {
            return INFO_POST;
        }
        depth += kind == TAG_START;
        depth -= kind == TAG_END;
        if (depth == 0) {
            return INFO_COMMAND;
        }
    }
}

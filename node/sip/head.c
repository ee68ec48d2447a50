#include "node/sip/head.h"

#include "proto/base/check.h"

#define NAME(text, id)                                                         \
    {                                                                          \
        (text), sizeof(text) - 1, (id)                                         \
    }
static const struct {
    const char *name;
    size_t len;
    enum head_name id;
} names[] = {
    NAME("Via", HEAD_VIA),
    NAME("v", HEAD_VIA),
    NAME("From", HEAD_FROM),
    NAME("f", HEAD_FROM),
    NAME("To", HEAD_TO),
    NAME("t", HEAD_TO),
    NAME("Call-ID", HEAD_CALL_ID),
    NAME("i", HEAD_CALL_ID),
    NAME("CSeq", HEAD_CSEQ),
    NAME("Content-Length", HEAD_CONTENT_LENGTH),
    NAME("l", HEAD_CONTENT_LENGTH),
    NAME("Record-Route", HEAD_RECORD_ROUTE),
};
#undef NAME

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct slice head_trim(struct slice text)
{
    while (text.len > 0 &&
           (is_blank(*text.data) || *text.data == '\r' || *text.data == '\n')) {
        text = slice_after(text, 1);
    }
    while (text.len > 0 && (is_blank(text.data[text.len - 1]) ||
                            text.data[text.len - 1] == '\r' ||
                            text.data[text.len - 1] == '\n')) {
        text.len--;
    }
    return text;
}

static enum head_name name_of(struct slice label)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_equal_nocase(label, slice_of(names[i].name, names[i].len))) {
            return names[i].id;
        }
    }
    return HEAD_OTHER;
}

/* Find the end of a line that may go on in folded ones; past its CRLF. */
static size_t line_end(struct slice bytes, size_t from)
{
    do {
        const uint8_t *lf = memchr(bytes.data + from, '\n', bytes.len - from);

        CHECK(lf != NULL);
        from = (size_t)(lf - bytes.data) + 1;
    } while (from < bytes.len && is_blank(bytes.data[from]));
    return from;
}

static enum error read_line(struct head_line *line, struct slice text)
{
    const uint8_t *colon = memchr(text.data, ':', text.len);
    size_t label_len;

    if (colon == NULL) {
        return ERROR_MALFORMED;
    }
    label_len = (size_t)(colon - text.data);
    line->label = head_trim(slice_of(text.data, label_len));
    line->value = head_trim(slice_after(text, label_len + 1));
    line->name = name_of(line->label);
    if (line->label.len == 0 || is_blank(text.data[0])) {
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

enum error head_read(struct head *head, struct slice bytes)
{
    size_t at;

    head->n = 0;
    at = line_end(bytes, 0);
    head->start_line = head_trim(slice_of(bytes.data, at));
    while (at < bytes.len) {
        size_t end = line_end(bytes, at);

        CHECK(head->n < HEAD_LINES_MAX);
        TRY(read_line(&head->lines[head->n],
                      slice_of(bytes.data + at, end - at)));
        head->n++;
        at = end;
    }
    return ERROR_NONE;
}

struct slice head_value(const struct head *head, enum head_name name)
{
    for (size_t i = 0; i < head->n; i++) {
        if (head->lines[i].name == name) {
            return head->lines[i].value;
        }
    }
    return SLICE_NONE;
}

struct slice head_value_of(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->n; i++) {
        if (slice_equal_nocase(head->lines[i].label, slice_of_text(name))) {
            return head->lines[i].value;
        }
    }
    return SLICE_NONE;
}

size_t head_count(const struct head *head, enum head_name name)
{
    size_t n = 0;

    for (size_t i = 0; i < head->n; i++) {
        n += head->lines[i].name == name;
    }
    return n;
}

enum error head_read_cseq(struct slice value, uint32_t *number_out,
                          struct slice *method_out)
{
    uint64_t number = 0;
    size_t i = 0;

    while (i < value.len && value.data[i] >= '0' && value.data[i] <= '9') {
        number = number * 10 + (unsigned)(value.data[i] - '0');
        if (number > INT32_MAX) { /* RFC 3261 8.1.1.5: below 2**31. */
            return ERROR_MALFORMED;
        }
        i++;
    }
    *method_out = head_trim(slice_after(value, i));
    *number_out = (uint32_t)number;
    if (i == 0 || method_out->len == 0 || method_out->data == value.data + i) {
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

/* What follows the address: all after ">", or after the first ";" of a bare
 * one. */
static struct slice after_address(struct slice value)
{
    bool quoted = false;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];

        if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '>' || c == ';')) {
            return slice_after(value, i + (c == '>'));
        } else if (!quoted && c == '<') {
            const uint8_t *end = memchr(value.data + i, '>', value.len - i);

            return end == NULL
                       ? SLICE_NONE
                       : slice_after(value, (size_t)(end - value.data) + 1);
        }
    }
    return SLICE_NONE;
}

static struct slice take_param(struct slice *params)
{
    const uint8_t *end;
    struct slice param;

    *params = slice_after(*params, 1); /* The ";". */
    end = params->len == 0 ? NULL : memchr(params->data, ';', params->len);
    param = slice_of(params->data,
                     end == NULL ? params->len : (size_t)(end - params->data));
    *params = slice_after(*params, param.len);
    return head_trim(param);
}

struct slice head_address_param(struct slice value, const char *name)
{
    struct slice params = head_trim(after_address(value));
    struct slice wanted = slice_of_text(name);

    while (params.len > 0 && params.data[0] == ';') {
        struct slice param = take_param(&params);
        const uint8_t *equals =
            param.len == 0 ? NULL : memchr(param.data, '=', param.len);
        size_t len = equals == NULL ? param.len : (size_t)(equals - param.data);

        if (slice_equal_nocase(head_trim(slice_of(param.data, len)), wanted)) {
            return equals == NULL ? slice_of(param.data, 0)
                                  : head_trim(slice_after(param, len + 1));
        }
    }
    return SLICE_NONE;
}

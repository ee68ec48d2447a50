#include "ops/bench/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/messages.h"

/* Move behind the first '<' that begins an element. */
static struct slice next_open(struct slice rest)
{
    const uint8_t *open;

    do {
        open = rest.len == 0 ? NULL : memchr(rest.data, '<', rest.len);
        if (open == NULL) {
            return SLICE_NONE;
        }
        rest = slice_after(rest, (size_t)(open + 1 - rest.data));
    } while (rest.len > 0 && (rest.data[0] == '?' || rest.data[0] == '!'));
    return rest;
}

enum told_kind told_kind_of(struct slice body)
{
    struct slice inside = next_open(next_open(body));

    if (slice_begins(inside, SLICE_LITERAL("grpchat"))) {
        return TOLD_POST;
    }
    if (slice_begins(inside, SLICE_LITERAL("rpl")) ||
        slice_begins(inside, SLICE_LITERAL("cmd"))) {
        return TOLD_REPLY;
    }
    if (slice_begins(inside, SLICE_LITERAL("ntc"))) {
        return TOLD_NOTICE;
    }
    return TOLD_OTHER;
}

/* Read a number in digits at the start of text; -1 when there is none. */
static long number_at(struct slice text)
{
    long number = 0;
    size_t i = 0;

    while (i < text.len && i < SERIAL_DIGITS && text.data[i] >= '0' &&
           text.data[i] <= '9') {
        number = number * 10 + (text.data[i] - '0');
        i++;
    }
    return i == 0 ? -1 : number;
}

int told_code(struct slice body)
{
    struct slice tag;
    long code;

    if (!told_next_element(&body, "resp", &tag)) {
        return 200;
    }
    code = number_at(told_attribute(tag, "code"));
    return code < 0 ? 500 : (int)code;
}

bool told_join_failed(struct slice body)
{
    struct slice tag;

    return told_next_element(&body, "fib", &tag);
}

bool told_serial(struct slice body, uint32_t *serial_out)
{
    static const char mark[] = SERIAL_MARK;
    const uint8_t *at = memmem(body.data, body.len, mark, sizeof(mark) - 1);
    struct slice digits;
    long number;

    if (at == NULL) {
        return false;
    }
    digits = slice_after(body, (size_t)(at - body.data) + sizeof(mark) - 1);
    number = number_at(digits);
    if (number < SERIAL_FIRST || number > UINT32_MAX) {
        return false;
    }
    *serial_out = (uint32_t)number;
    return true;
}

bool told_next_element(struct slice *rest, const char *name,
                       struct slice *tag_out)
{
    struct slice wanted = slice_of_text(name);

    for (;;) {
        const uint8_t *end;

        *rest = next_open(*rest);
        if (rest->len <= wanted.len) {
            return false;
        }
        if (!slice_begins(*rest, wanted) || rest->data[wanted.len] > ' ') {
            continue;
        }
        end = memchr(rest->data, '>', rest->len);
        if (end == NULL) {
            return false;
        }
        *tag_out = slice_of(rest->data, (size_t)(end - rest->data));
        *rest = slice_after(*rest, tag_out->len);
        return true;
    }
}

struct slice told_attribute(struct slice tag, const char *name)
{
    char wanted[32];
    int len = snprintf(wanted, sizeof(wanted), " %s=\"", name);
    const uint8_t *at = memmem(tag.data, tag.len, wanted, (size_t)len), *end;
    struct slice rest;

    if (at == NULL) {
        return SLICE_NONE;
    }
    rest = slice_after(tag, (size_t)(at - tag.data) + (size_t)len);
    end = rest.len == 0 ? NULL : memchr(rest.data, '"', rest.len);
    return end == NULL ? SLICE_NONE
                       : slice_of(rest.data, (size_t)(end - rest.data));
}

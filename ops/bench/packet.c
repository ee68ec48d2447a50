#include "ops/bench/packet.h"

#include <string.h>

#include "proto/base/check.h"

/* One header line, without its line end. */
struct line {
    struct slice name;
    struct slice value;
    struct slice whole; /* With its line end. */
};

static struct slice trimmed(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = slice_after(text, 1);
    }
    while (text.len > 0 && text.data[text.len - 1] <= ' ') {
        text.len--;
    }
    return text;
}

/* Take the next line off rest. False at the end. */
static bool next_line(struct slice *rest, struct slice *line_out)
{
    const uint8_t *end;

    if (rest->len == 0) {
        return false;
    }
    end = memchr(rest->data, '\n', rest->len);
    line_out->data = rest->data;
    line_out->len = end == NULL ? rest->len : (size_t)(end + 1 - rest->data);
    *rest = slice_after(*rest, line_out->len);
    return true;
}

static bool next_header(struct slice *rest, struct line *line_out)
{
    struct slice whole;
    const uint8_t *colon;

    while (next_line(rest, &whole)) {
        colon = memchr(whole.data, ':', whole.len);
        if (colon != NULL) {
            size_t at = (size_t)(colon - whole.data);

            line_out->whole = whole;
            line_out->name = trimmed(slice_of(whole.data, at));
            line_out->value = trimmed(slice_after(whole, at + 1));
            return true;
        }
    }
    return false;
}

/* Read the digits at the start of text; false when there are none. */
static bool read_number(struct slice *text, uint32_t *number_out)
{
    uint64_t number = 0;
    size_t i = 0;

    while (i < text->len && text->data[i] >= '0' && text->data[i] <= '9') {
        number = number * 10 + (uint64_t)(text->data[i] - '0');
        if (number > UINT32_MAX) {
            return false;
        }
        i++;
    }
    *text = slice_after(*text, i);
    *number_out = (uint32_t)number;
    return i > 0;
}

static enum error read_start(struct slice line, struct packet *packet)
{
    const uint8_t *space = memchr(line.data, ' ', line.len);
    struct slice rest;
    uint32_t status;

    if (space == NULL) {
        return ERROR_MALFORMED;
    }
    if (!slice_begins(line, SLICE_LITERAL("SIP/2.0 "))) {
        packet->method = slice_of(line.data, (size_t)(space - line.data));
        return ERROR_NONE;
    }
    rest = slice_after(line, 8);
    if (!read_number(&rest, &status) || status < 100 || status > 699) {
        return ERROR_MALFORMED;
    }
    packet->status = (int)status;
    return ERROR_NONE;
}

static enum error read_headers(struct packet *packet, struct slice rest,
                               uint32_t *body_bytes_out)
{
    bool numbered = false, sized = false;
    struct line line;

    while (next_header(&rest, &line)) {
        if (slice_equal_nocase(line.name, SLICE_LITERAL("CSeq"))) {
            numbered = read_number(&line.value, &packet->cseq);
            if (packet->status != 0) {
                packet->method = trimmed(line.value);
            }
        } else if (slice_equal_nocase(line.name,
                                      SLICE_LITERAL("Content-Length")) ||
                   slice_equal_nocase(line.name, SLICE_LITERAL("l"))) {
            sized = read_number(&line.value, body_bytes_out);
        }
    }
    return numbered && sized ? ERROR_NONE : ERROR_MALFORMED;
}

static enum error read_whole(struct slice text, size_t head_bytes,
                             struct packet *packet)
{
    struct slice rest = slice_of(text.data, head_bytes), start;
    uint32_t body_bytes = 0;

    packet->head = rest;
    if (!next_line(&rest, &start)) {
        return ERROR_MALFORMED;
    }
    TRY(read_start(start, packet));
    TRY(read_headers(packet, rest, &body_bytes));
    if (body_bytes > PACKET_BODY_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    text = slice_after(text, head_bytes + 2);
    if (text.len < body_bytes) {
        return ERROR_TRUNCATED;
    }
    packet->body = slice_of(text.data, body_bytes);
    packet->bytes += head_bytes + 2 + body_bytes;
    return ERROR_NONE;
}

enum error packet_read(struct slice received, struct packet *packet_out)
{
    const uint8_t *end;

    *packet_out = (struct packet){0};
    while (received.len > 0 &&
           (received.data[0] == '\r' || received.data[0] == '\n')) {
        received = slice_after(received, 1);
        packet_out->bytes++;
    }
    if (received.len == 0) {
        return ERROR_TRUNCATED;
    }
    end = memmem(received.data, received.len, "\r\n\r\n", 4);
    if (end == NULL) {
        return received.len > PACKET_HEAD_BYTES_MAX ? ERROR_TOO_LARGE
                                                    : ERROR_TRUNCATED;
    }
    return read_whole(received, (size_t)(end + 2 - received.data), packet_out);
}

struct slice packet_header(const struct packet *packet, const char *name)
{
    struct slice rest = packet->head, wanted = slice_of_text(name), start;
    struct line line;

    if (!next_line(&rest, &start)) {
        return SLICE_NONE;
    }
    while (next_header(&rest, &line)) {
        if (slice_equal_nocase(line.name, wanted)) {
            return line.value;
        }
    }
    return SLICE_NONE;
}

/* Headers of a request that its answer repeats. RFC 3261, 8.2.6.2. */
static bool is_echoed(struct slice name)
{
    static const struct slice names[] = {
        SLICE_LITERAL("Via"), SLICE_LITERAL("From"), SLICE_LITERAL("To"),
        SLICE_LITERAL("Call-ID"), SLICE_LITERAL("CSeq")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_equal_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

void packet_answer(const struct packet *request, struct buffer *out)
{
    struct slice rest = request->head, start;
    struct line line;

    CHECK(request->status == 0);

    buffer_append_slice(out, SLICE_LITERAL("SIP/2.0 200 OK\r\n"));
    next_line(&rest, &start);
    while (next_header(&rest, &line)) {
        if (is_echoed(line.name)) {
            buffer_append_slice(out, line.whole);
        }
    }
    buffer_append_slice(out, SLICE_LITERAL("Content-Length: 0\r\n\r\n"));
}

#include "ops/client/inbox.h"

void inbox_init(struct inbox *inbox)
{
    *inbox = (struct inbox){.bytes = BUFFER_EMPTY};
}

void inbox_deinit(struct inbox *inbox)
{
    buffer_deinit(&inbox->bytes);
}

enum error inbox_feed(struct inbox *inbox, struct slice bytes)
{
    buffer_consume(&inbox->bytes, inbox->at);
    inbox->at = 0;
    buffer_append_slice(&inbox->bytes, bytes);
    return buffer_failed(&inbox->bytes) ? ERROR_NO_MEMORY : ERROR_NONE;
}

static struct slice rest_of(const struct inbox *inbox)
{
    return slice_after(buffer_slice(&inbox->bytes), inbox->at);
}

static void pass_line_ends(struct inbox *inbox)
{
    struct slice rest = rest_of(inbox);
    size_t n = 0;

    while (n < rest.len && (rest.data[n] == '\r' || rest.data[n] == '\n')) {
        n++;
    }
    inbox->at += n;
}

/* Find the empty line behind the head. Returns the head's length with the
 * CRLF of its last line, or 0. */
static size_t find_head_end(struct inbox *inbox, struct slice rest)
{
    static const char end[] = "\r\n\r\n";
    const uint8_t *found;

    if (rest.len < sizeof(end) - 1) {
        return 0;
    }
    found = memmem(rest.data + inbox->searched, rest.len - inbox->searched, end,
                   sizeof(end) - 1);
    if (found == NULL) {
        inbox->searched = rest.len - (sizeof(end) - 2);
        return 0;
    }
    return (size_t)(found - rest.data) + 2;
}

static enum error read_next(struct inbox *inbox, struct packet *packet)
{
    struct slice rest = rest_of(inbox);
    size_t head = find_head_end(inbox, rest);
    size_t body;

    if (head > PACKET_HEAD_BYTES_MAX ||
        (head == 0 && rest.len > PACKET_HEAD_BYTES_MAX)) {
        return ERROR_TOO_LARGE;
    }
    if (head == 0) {
        return ERROR_TRUNCATED;
    }
    TRY(packet_read_head(packet, slice_of(rest.data, head)));
    TRY(packet_body_bytes(packet, &body));
    rest = slice_after(rest, head + 2);
    if (rest.len < body) {
        return ERROR_TRUNCATED;
    }
    packet->body = slice_of(rest.data, body);
    inbox->at += head + 2 + body;
    inbox->searched = 0;
    return ERROR_NONE;
}

enum error inbox_next(struct inbox *inbox, struct packet *packet_out)
{
    enum error error;

    if (inbox->is_broken) {
        return ERROR_MALFORMED;
    }
    if (inbox->searched == 0) {
        pass_line_ends(inbox);
    }
    error = read_next(inbox, packet_out);
    inbox->is_broken = error != ERROR_NONE && error != ERROR_TRUNCATED;
    return error;
}

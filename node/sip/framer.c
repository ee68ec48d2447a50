#include "node/sip/framer.h"

#include "proto/base/check.h"

void framer_init(struct framer *framer)
{
    *framer = (struct framer){.pending = BUFFER_EMPTY};
}

void framer_deinit(struct framer *framer)
{
    buffer_deinit(&framer->pending);
}

void framer_give(struct framer *framer, struct slice bytes)
{
    framer->borrowed = framer->pending.len == 0;
    if (framer->borrowed) {
        framer->given = bytes;
        return;
    }
    buffer_append_slice(&framer->pending, bytes);
    framer->given = buffer_slice(&framer->pending);
}

enum error framer_keep(struct framer *framer)
{
    if (framer->borrowed) {
        buffer_append_slice(&framer->pending, framer->given);
    } else {
        buffer_consume(&framer->pending,
                       framer->pending.len - framer->given.len);
    }
    framer->given = SLICE_NONE;
    framer->borrowed = false;
    if (framer->pending.len == 0) {
        buffer_deinit(&framer->pending);
    } else if (framer->need > framer->pending.len) {
        /* Room for the whole message at once, rather than by doubling. */
        buffer_reserve(&framer->pending, framer->need - framer->pending.len);
    }
    return buffer_failed(&framer->pending) ? ERROR_NO_MEMORY : ERROR_NONE;
}

size_t framer_kept(const struct framer *framer)
{
    return framer->pending.len;
}

bool framer_in_message(const struct framer *framer)
{
    return framer->pending.len > 0 || framer->skip > 0;
}

static void take(struct framer *framer, size_t n)
{
    framer->given = slice_after(framer->given, n);
}

/* Read past a body that was too large. */
static bool skip_some(struct framer *framer)
{
    size_t n =
        framer->skip < framer->given.len ? framer->skip : framer->given.len;

    take(framer, n);
    framer->skip -= n;
    return framer->skip > 0;
}

/* Take the CRLFs between messages. Returns true at every second one. */
static bool take_crlfs(struct framer *framer)
{
    while (framer->given.len >= 2 &&
           memcmp(framer->given.data, "\r\n", 2) == 0) {
        take(framer, 2);
        framer->crlfs++;
        if (framer->crlfs == 2) {
            framer->crlfs = 0;
            return true;
        }
    }
    return false;
}

static enum framer_event broken(struct frame *frame, int status,
                                const char *fault)
{
    frame->status = status;
    frame->fault = fault;
    return FRAMER_BROKEN;
}

/* Judge the bytes of one line, its LF included when it has come. */
static enum framer_event check_line(struct framer *framer, struct slice line,
                                    bool whole, struct frame *frame)
{
    const uint8_t *cr = memchr(line.data, '\r', line.len);
    size_t end = framer->line_at + line.len;

    if (memchr(line.data, '\0', line.len) != NULL) {
        return broken(frame, 400, "NUL in the head");
    }
    if (framer->lines == 0 && line.len > START_LINE_BYTES_MAX) {
        return broken(frame, 414, "Start line too long");
    }
    if (end > HEAD_BYTES_MAX || framer->lines > HEAD_LINES_MAX) {
        return broken(frame, 400, "Head too large");
    }
    if (whole ? cr == NULL || cr + 2 != line.data + line.len
              : cr != NULL && cr + 1 != line.data + line.len) {
        return broken(frame, 400, "CR or LF alone in the head");
    }
    return FRAMER_MORE;
}

/* Read what came whole of a broken head, for what an answer must echo. */
static void salvage(struct framer *framer, struct frame *frame)
{
    if (framer->line_at > 0) {
        (void)head_read(&frame->head,
                        slice_of(framer->given.data, framer->line_at));
    }
}

/* Look for the empty line that ends the head. Returns FRAMER_MESSAGE with its
 * offset. */
static enum framer_event find_head(struct framer *framer, struct frame *frame,
                                   size_t *head_len)
{
    for (;;) {
        struct slice rest = slice_after(framer->given, framer->line_at);
        const uint8_t *lf =
            rest.len == 0 ? NULL : memchr(rest.data, '\n', rest.len);
        size_t len = lf == NULL ? rest.len : (size_t)(lf - rest.data) + 1;
        enum framer_event event = FRAMER_MORE;

        if (len > 0) {
            event =
                check_line(framer, slice_of(rest.data, len), lf != NULL, frame);
        }
        if (event == FRAMER_BROKEN || lf == NULL) {
            return event;
        }
        if (len == 2) {
            *head_len = framer->line_at;
            return FRAMER_MESSAGE;
        }
        framer->line_at += len;
        framer->lines++;
    }
}

/* Read the one Content-Length there must be. */
static enum framer_event read_length(struct frame *frame, size_t *length_out)
{
    struct slice value = head_value(&frame->head, HEAD_CONTENT_LENGTH);
    size_t length = 0;

    if (head_count(&frame->head, HEAD_CONTENT_LENGTH) != 1) {
        return broken(frame, 400,
                      value.data == NULL ? "Content-Length missing"
                                         : "More than one Content-Length");
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return broken(frame, 400, "Content-Length is no number");
        }
        length = length * 10 + (size_t)(value.data[i] - '0');
        if (length > BODY_SKIPPED_BYTES_MAX) {
            return broken(frame, 413, "Body too large");
        }
    }
    *length_out = length;
    return value.len == 0 ? broken(frame, 400, "Content-Length is empty")
                          : FRAMER_MESSAGE;
}

/* Index the head and find how long the message is. */
static enum framer_event read_head(struct framer *framer, struct frame *frame,
                                   const struct framer_limits *limits,
                                   size_t head_len)
{
    size_t length = 0;

    CHECK(head_len > 0);
    if (head_read(&frame->head, slice_of(framer->given.data, head_len)) !=
        ERROR_NONE) {
        return broken(frame, 400, "A line of the head is no header");
    }
    if (read_length(frame, &length) == FRAMER_BROKEN) {
        return FRAMER_BROKEN;
    }
    framer->need = head_len + 2 + length;
    if (length <= limits->body_bytes_max) {
        return FRAMER_MESSAGE;
    }
    if (length > limits->skip_bytes_max) {
        return broken(frame, 413, "Body too large");
    }
    frame->status = 413;
    frame->fault = "Body too large";
    return FRAMER_TOO_LARGE;
}

static void begin_anew(struct framer *framer)
{
    framer->line_at = 0;
    framer->lines = 0;
    framer->need = 0;
}

/* The head ends at head_len: give the message out when it is complete. */
static enum framer_event cut(struct framer *framer, struct frame *frame,
                             const struct framer_limits *limits,
                             size_t head_len)
{
    enum framer_event event = read_head(framer, frame, limits, head_len);

    if (event == FRAMER_TOO_LARGE) {
        framer->skip = framer->need;
        begin_anew(framer);
        return event;
    }
    if (event == FRAMER_BROKEN) {
        return event;
    }
    if (framer->given.len < framer->need) {
        return FRAMER_MORE;
    }
    frame->bytes = slice_of(framer->given.data, framer->need);
    frame->body = slice_after(frame->bytes, head_len + 2);
    take(framer, framer->need);
    begin_anew(framer);
    return FRAMER_MESSAGE;
}

enum framer_event framer_next(struct framer *framer,
                              const struct framer_limits *limits,
                              struct frame *frame_out)
{
    enum framer_event event;
    size_t head_len = 0;

    if (skip_some(framer)) {
        return FRAMER_MORE;
    }
    if (framer->line_at == 0 && take_crlfs(framer)) {
        return FRAMER_PING;
    }
    if (framer->given.len == 0 || framer->given.len < framer->need) {
        return FRAMER_MORE;
    }
    if (framer->given.data[0] != '\r') {
        framer->crlfs = 0; /* A message, not half a CRLF. */
    }
    /* Nothing of the last message, whose bytes may be gone. */
    frame_out->head.n = 0;
    frame_out->head.start_line = SLICE_NONE;
    frame_out->bytes = SLICE_NONE;
    frame_out->body = SLICE_NONE;
    event = find_head(framer, frame_out, &head_len);
    if (event == FRAMER_BROKEN) {
        salvage(framer, frame_out);
    }
    if (event != FRAMER_MESSAGE) {
        return event;
    }
    return cut(framer, frame_out, limits, head_len);
}

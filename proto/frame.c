#include "proto/frame.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum {
    AT_LENGTH = 0,
    AT_KIND = 4,
    AT_FORMAT = 5,
    AT_FLAGS = 6,
};

static enum error judge(const struct frame_limits *limits, uint8_t kind,
                        size_t bytes)
{
    if (kind >= limits->n || !limits->kinds[kind].known) {
        return ERROR_UNSUPPORTED;
    }
    if (bytes > limits->kinds[kind].bytes_max) {
        return ERROR_TOO_LARGE;
    }
    return ERROR_NONE;
}

void frame_reader_init(struct frame_reader *reader,
                       const struct frame_limits *limits)
{
    buffer_init(&reader->bytes);
    reader->limits = limits;
    reader->read = 0;
    reader->failed = ERROR_NONE;
}

void frame_reader_deinit(struct frame_reader *reader)
{
    buffer_deinit(&reader->bytes);
}

void frame_reader_expect(struct frame_reader *reader,
                         const struct frame_limits *limits)
{
    reader->limits = limits;
}

/* Drop the frames that were given out. What is left is part of one frame, so
 * no byte is moved more than once for each time a frame was read. */
static void drop_read(struct frame_reader *reader)
{
    buffer_consume(&reader->bytes, reader->read);
    reader->read = 0;
    if (reader->bytes.len == 0 && reader->bytes.capacity > FRAME_KEEP_BYTES) {
        buffer_deinit(&reader->bytes);
    }
}

uint8_t *frame_reader_room(struct frame_reader *reader, size_t n)
{
    uint8_t *room;

    drop_read(reader);
    room = buffer_reserve(&reader->bytes, n);
    if (room == NULL) {
        reader->failed = ERROR_NO_MEMORY;
    }
    return room;
}

void frame_reader_filled(struct frame_reader *reader, size_t n)
{
    CHECK(n <= reader->bytes.capacity - reader->bytes.len);
    reader->bytes.len += n;
}

enum error frame_reader_feed(struct frame_reader *reader, struct slice bytes)
{
    uint8_t *room = frame_reader_room(reader, bytes.len);

    if (room == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (bytes.len > 0) {
        memcpy(room, bytes.data, bytes.len);
    }
    frame_reader_filled(reader, bytes.len);
    return ERROR_NONE;
}

static enum error read_header(const struct frame_limits *limits,
                              const uint8_t *header, struct frame *frame_out)
{
    frame_out->kind = header[AT_KIND];
    frame_out->payload = slice_of(NULL, get_le32(header + AT_LENGTH));
    if (header[AT_FORMAT] != FRAME_FORMAT || get_le16(header + AT_FLAGS) != 0) {
        return ERROR_MALFORMED;
    }
    return judge(limits, frame_out->kind, frame_out->payload.len);
}

enum error frame_reader_next(struct frame_reader *reader,
                             struct frame *frame_out)
{
    struct slice rest = slice_after(buffer_slice(&reader->bytes), reader->read);

    TRY(reader->failed);
    if (rest.len < FRAME_HEADER_BYTES) {
        return ERROR_TRUNCATED;
    }
    reader->failed = read_header(reader->limits, rest.data, frame_out);
    TRY(reader->failed);
    if (rest.len - FRAME_HEADER_BYTES < frame_out->payload.len) {
        return ERROR_TRUNCATED;
    }
    frame_out->payload.data = rest.data + FRAME_HEADER_BYTES;
    reader->read += FRAME_HEADER_BYTES + frame_out->payload.len;
    return ERROR_NONE;
}

size_t frame_reader_waiting(const struct frame_reader *reader)
{
    return reader->bytes.len - reader->read;
}

size_t frame_begin(struct buffer *to, uint8_t kind)
{
    uint8_t header[FRAME_HEADER_BYTES] = {
        [AT_KIND] = kind,
        [AT_FORMAT] = FRAME_FORMAT,
    };
    size_t at = to->len;

    buffer_append(to, header, sizeof(header));
    return at;
}

enum error frame_end(struct buffer *to, size_t at,
                     const struct frame_limits *limits)
{
    enum error error = ERROR_NO_MEMORY;
    size_t bytes = 0;

    if (!buffer_failed(to)) {
        CHECK(at + FRAME_HEADER_BYTES <= to->len);
        bytes = to->len - at - FRAME_HEADER_BYTES;
        error = judge(limits, to->data[at + AT_KIND], bytes);
    }
    if (error != ERROR_NONE) {
        to->len = at;
        to->failed = false;
        return error;
    }
    put_le32(to->data + at + AT_LENGTH, (uint32_t)bytes);
    return ERROR_NONE;
}

enum error frame_append(struct buffer *to, const struct frame_limits *limits,
                        uint8_t kind, const struct slice *parts, size_t n)
{
    size_t at = frame_begin(to, kind);

    for (size_t i = 0; i < n; i++) {
        buffer_append_slice(to, parts[i]);
    }
    return frame_end(to, at, limits);
}

size_t frame_bytes(const uint8_t *frame)
{
    return FRAME_HEADER_BYTES + (size_t)get_le32(frame + AT_LENGTH);
}

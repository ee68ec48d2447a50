/* Any bytes, cut in any pieces, give the same frames as whole, and those
 * frames written again are the bytes they were read from.
 *
 * The first byte of the input chooses the pieces.
 */
#include <stddef.h>
#include <stdint.h>

#include "proto/base/check.h"
#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_limit kinds[] = {
    {false, 0}, {true, 0}, {true, 16}, {true, 4096}, {false, 100}, {true, 64},
};
static const struct frame_limits limits = {kinds, 6};

/* Read what there is; each frame written again at the end of a buffer. */
static enum error read_all(struct frame_reader *reader, struct buffer *again)
{
    struct frame frame;
    enum error error;

    while ((error = frame_reader_next(reader, &frame)) == ERROR_NONE) {
        CHECK(frame_append(again, &limits, frame.kind, &frame.payload, 1) ==
              ERROR_NONE);
    }
    return error;
}

static enum error read_in_pieces(struct slice bytes, unsigned dice,
                                 struct buffer *again)
{
    struct frame_reader reader;
    enum error error = ERROR_TRUNCATED;

    frame_reader_init(&reader, &limits);
    while (bytes.len > 0 && error == ERROR_TRUNCATED) {
        size_t len = dice % 23 + 1 < bytes.len ? dice % 23 + 1 : bytes.len;

        CHECK(frame_reader_feed(&reader, slice_of(bytes.data, len)) ==
              ERROR_NONE);
        error = read_all(&reader, again);
        bytes = slice_after(bytes, len);
        dice = dice * 1103515245 + 12345;
    }
    frame_reader_deinit(&reader);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer whole = BUFFER_EMPTY, pieces = BUFFER_EMPTY;
    struct frame_reader reader;
    struct slice bytes;
    enum error error;

    if (size < 2) {
        return 0;
    }
    bytes = slice_of(data + 1, size - 1);
    frame_reader_init(&reader, &limits);
    CHECK(frame_reader_feed(&reader, bytes) == ERROR_NONE);
    error = read_all(&reader, &whole);
    frame_reader_deinit(&reader);

    CHECK(read_in_pieces(bytes, data[0], &pieces) == error);
    CHECK(slice_equal(buffer_slice(&whole), buffer_slice(&pieces)));
    CHECK(slice_begins(bytes, buffer_slice(&whole)));
    buffer_deinit(&whole);
    buffer_deinit(&pieces);
    return 0;
}

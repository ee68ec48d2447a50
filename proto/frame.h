/* Frames: how messages stand one after the other in a stream of bytes, between
 * nodes and between an administrator's tool and its node.
 *
 *   offset bytes
 *        0     4  payload length, little-endian
 *        4     1  kind
 *        5     1  format, FRAME_FORMAT
 *        6     2  zero (flags of later formats)
 *        8     n  payload
 *
 * The codec knows no kinds: its user gives a table with the most bytes a
 * payload of each kind may have. A header is judged by that table before a
 * byte of memory is spent on its payload, and memory then grows with the bytes
 * that have come, not with what was announced.
 *
 * Thread: the owner's.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

enum {
    FRAME_FORMAT = 1,
    FRAME_HEADER_BYTES = 8,
    /* A reader that has caught up gives back memory beyond this. */
    FRAME_KEEP_BYTES = 256 * 1024,
};

/* What one kind of frame may be. */
struct frame_limit {
    bool known;         /* Else a frame of this kind is UNSUPPORTED. */
    uint32_t bytes_max; /* Of the payload. */
};

/* The kinds of one protocol; a kind beyond n is not known. */
struct frame_limits {
    const struct frame_limit *kinds; /* Indexed by kind. */
    size_t n;
};

struct frame {
    uint8_t kind;
    struct slice payload; /* Borrowed from the reader. */
};

/* Makes frames of bytes that come in pieces of any size. */
struct frame_reader {
    const struct frame_limits *limits; /* Borrowed. */
    struct buffer bytes;               /* What has come, not all read yet. */
    size_t read;                       /* Bytes of it that were given out. */
    enum error failed;                 /* Once set, the stream is of no use. */
};

/** Start with no bytes. @limits is borrowed for the reader's life. */
void frame_reader_init(struct frame_reader *reader,
                       const struct frame_limits *limits);

/** Free what is held. */
void frame_reader_deinit(struct frame_reader *reader);

/** Judge the headers that follow by another table, borrowed as the first. */
void frame_reader_expect(struct frame_reader *reader,
                         const struct frame_limits *limits);

/**
 * Make room to receive n bytes straight into the reader. Frames that were
 * given out before are no longer valid.
 *
 * Returns where they go; frame_reader_filled then counts those that came.
 * NULL when memory is out, after which the stream has failed.
 */
uint8_t *frame_reader_room(struct frame_reader *reader, size_t n);

/** Count n bytes written to the room; at most what was asked for. */
void frame_reader_filled(struct frame_reader *reader, size_t n);

/** Copy bytes in: room and filled in one. NO_MEMORY when memory is out. */
enum error frame_reader_feed(struct frame_reader *reader, struct slice bytes);

/**
 * Take the next whole frame.
 *
 * @frame_out  Valid until the next room or feed. When the header is refused it
 *             holds the kind and the announced length, and no data.
 *
 * Returns TRUNCATED while more bytes must come. Any other error is final for
 * the stream: MALFORMED for another format or flags, UNSUPPORTED for a kind
 * the table does not know, TOO_LARGE for a payload beyond its limit.
 */
enum error frame_reader_next(struct frame_reader *reader,
                             struct frame *frame_out);

/** Count the bytes that wait for the rest of their frame. */
size_t frame_reader_waiting(const struct frame_reader *reader);

/**
 * Begin a frame at the end of a buffer that holds nothing but frames; its
 * payload is then appended.
 *
 * Returns where the frame begins, for frame_end.
 */
size_t frame_begin(struct buffer *to, uint8_t kind);

/**
 * Finish the frame that begins at @at, or take it back: on an error the buffer
 * is as it was before frame_begin.
 *
 * Returns UNSUPPORTED or TOO_LARGE as a reader with these limits would, and
 * NO_MEMORY when an append to the buffer was lost.
 */
enum error frame_end(struct buffer *to, size_t at,
                     const struct frame_limits *limits);

/** Append a frame whose payload is the parts in order; errors as frame_end. */
enum error frame_append(struct buffer *to, const struct frame_limits *limits,
                        uint8_t kind, const struct slice *parts, size_t n);

/** Count the bytes of the frame that begins at @frame, header included. */
size_t frame_bytes(const uint8_t *frame);

#endif

/* protobuf-c over perch's arenas, buffers and slices.
 *
 * Reading allocates from the caller's arena and from nowhere else, and is freed
 * with it: no call of malloc per message once the arena is warm.
 *
 * Thread: any; the arena's and the buffer's.
 */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"

/**
 * Read a message.
 *
 * @arena        Owns the message and everything in it.
 * @descriptor   Generated: perch__command__descriptor and the like.
 * @message_out  Gets a pointer to the generated struct; set only on success.
 *
 * Returns MALFORMED when the bytes are no such message, NO_MEMORY when the
 * arena has none to give: two things a replica must not take for one another.
 */
enum error codec_read(struct arena *arena,
                      const ProtobufCMessageDescriptor *descriptor,
                      struct slice bytes, void *message_out);

/**
 * Read a message that may cost no more than so much memory, from someone who
 * may send bytes that cost many times their length to read.
 *
 * Returns TOO_LARGE when it would, else as codec_read.
 */
enum error codec_read_within(struct arena *arena,
                             const ProtobufCMessageDescriptor *descriptor,
                             struct slice bytes, size_t memory_max,
                             void *message_out);

/** Append a message to a buffer. Take &message->base. */
void codec_write(const ProtobufCMessage *message, struct buffer *to);

/** Borrow a bytes field. */
static inline struct slice codec_slice(ProtobufCBinaryData bytes)
{
    return slice_of(bytes.data, bytes.len);
}

/** Lend a slice to a bytes field; the codec never writes through it. */
static inline ProtobufCBinaryData codec_bytes(struct slice slice)
{
    return (ProtobufCBinaryData){slice.len, (uint8_t *)(uintptr_t)slice.data};
}

/* Set an optional field and mark it present. */
#define CODEC_SET(message, field, value_)                                      \
    do {                                                                       \
        (message)->field = (value_);                                           \
        (message)->has_##field = 1;                                            \
    } while (0)

/* Set an optional bytes field from a slice; an empty slice leaves it out. */
#define CODEC_SET_BYTES(message, field, slice_)                                \
    do {                                                                       \
        struct slice codec_set_ = (slice_);                                    \
        (message)->field = codec_bytes(codec_set_);                            \
        (message)->has_##field = codec_set_.len > 0;                           \
    } while (0)

#endif

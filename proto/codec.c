#include "proto/codec.h"

#include <string.h>

struct source {
    struct arena *arena;
    size_t left;        /* Bytes that may still be taken. */
    enum error refused; /* Why there was no more memory. */
};

static void *take(void *context, size_t len)
{
    struct source *source = context;
    void *memory;

    if (len > source->left) {
        source->refused = ERROR_TOO_LARGE;
        return NULL;
    }
    source->left -= len;
    memory = arena_alloc(source->arena, len);
    if (memory == NULL) {
        source->refused = ERROR_NO_MEMORY;
    }
    return memory;
}

/* What an arena gave is freed with the arena. */
static void leave(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

enum error codec_read_within(struct arena *arena,
                             const ProtobufCMessageDescriptor *descriptor,
                             struct slice bytes, size_t memory_max,
                             void *message_out)
{
    struct source source = {arena, memory_max, ERROR_NONE};
    ProtobufCAllocator allocator = {take, leave, &source};
    ProtobufCMessage *message = protobuf_c_message_unpack(
        descriptor, &allocator, bytes.len, bytes.data);

    if (message == NULL) {
        return source.refused != ERROR_NONE ? source.refused : ERROR_MALFORMED;
    }
    memcpy(message_out, &message, sizeof(message));
    return ERROR_NONE;
}

enum error codec_read(struct arena *arena,
                      const ProtobufCMessageDescriptor *descriptor,
                      struct slice bytes, void *message_out)
{
    return codec_read_within(arena, descriptor, bytes, SIZE_MAX, message_out);
}

void codec_write(const ProtobufCMessage *message, struct buffer *to)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *at = buffer_reserve(to, len);

    if (at != NULL) {
        to->len += protobuf_c_message_pack(message, at);
    }
}

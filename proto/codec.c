#include "proto/codec.h"

#include <string.h>

struct source {
    struct arena *arena;
    bool dry; /* The arena had no memory to give. */
};

static void *take(void *context, size_t len)
{
    struct source *source = context;
    void *memory = arena_alloc(source->arena, len);

    source->dry = source->dry || memory == NULL;
    return memory;
}

/* What an arena gave is freed with the arena. */
static void leave(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

enum error codec_read(struct arena *arena,
                      const ProtobufCMessageDescriptor *descriptor,
                      struct slice bytes, void *message_out)
{
    struct source source = {arena, false};
    ProtobufCAllocator allocator = {take, leave, &source};
    ProtobufCMessage *message = protobuf_c_message_unpack(
        descriptor, &allocator, bytes.len, bytes.data);

    if (message == NULL) {
        return source.dry ? ERROR_NO_MEMORY : ERROR_MALFORMED;
    }
    memcpy(message_out, &message, sizeof(message));
    return ERROR_NONE;
}

void codec_write(const ProtobufCMessage *message, struct buffer *to)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *at = buffer_reserve(to, len);

    if (at != NULL) {
        to->len += protobuf_c_message_pack(message, at);
    }
}

#include "proto/peer.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/peer_codec.h"

enum { HEAD_LENGTH_BYTES = 4 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name;
    enum peer_class class;
} kinds[PEER_KINDS] = {
#define KIND(name, number, class, bytes_max)                                   \
    [number] = {#name, PEER_CLASS_##class},
    PEER_KIND_LIST(KIND)
#undef KIND
};

static const struct frame_limit kind_limits[PEER_KINDS] = {
#define LIMIT(name, number, class, bytes_max) [number] = {true, bytes_max},
    PEER_KIND_LIST(LIMIT)
#undef LIMIT
};

static const struct {
    const char *name;
    const char *text;
} refusals[PEER_REFUSALS] = {
#define REFUSAL(name, number, text) [number] = {#name, text},
    PEER_REFUSAL_LIST(REFUSAL)
#undef REFUSAL
};

const struct frame_limits *peer_limits(void)
{
    static const struct frame_limits limits = {kind_limits, COUNT(kind_limits)};

    return &limits;
}

const struct frame_limits *peer_greeting_limits(void)
{
    /* The table's first kinds are those of a greeting. */
    static const struct frame_limits limits = {kind_limits, PEER_REJECT + 1};

    return &limits;
}

enum peer_class peer_class_of(enum peer_kind kind)
{
    CHECK(kind < PEER_KINDS && kinds[kind].name != NULL);
    return kinds[kind].class;
}

const char *peer_kind_name(uint8_t kind)
{
    if (kind >= PEER_KINDS || kinds[kind].name == NULL) {
        return "UNKNOWN";
    }
    return kinds[kind].name;
}

const char *peer_refusal_name(enum peer_refusal refusal)
{
    return refusal < PEER_REFUSALS ? refusals[refusal].name : "UNKNOWN";
}

const char *peer_refusal_text(enum peer_refusal refusal)
{
    return refusals[refusal < PEER_REFUSALS ? refusal : PEER_REFUSAL_OTHER]
        .text;
}

static const struct peer_codec *codec_of(uint8_t kind)
{
    const struct peer_codec *codec = peer_codec_raft(kind);

    if (codec == NULL) {
        codec = peer_codec_pool(kind);
    }
    if (codec == NULL) {
        codec = peer_codec_snapshot(kind);
    }
    return codec != NULL ? codec : peer_codec_archive(kind);
}

enum error peer_write(const struct peer_message *message, struct buffer *to)
{
    const struct peer_codec *codec = codec_of((uint8_t)message->kind);

    CHECK(codec != NULL);
    TRY(codec->write(message, to));
    return buffer_failed(to) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error peer_put(struct buffer *to, const ProtobufCMessage *message)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *room = buffer_reserve(to, bytes);

    if (room == NULL) {
        return ERROR_NO_MEMORY;
    }
    to->len += protobuf_c_message_pack(message, room);
    return ERROR_NONE;
}

enum error peer_put_head(struct buffer *to, const ProtobufCMessage *head)
{
    uint8_t length[HEAD_LENGTH_BYTES];
    size_t bytes = protobuf_c_message_get_packed_size(head);

    CHECK(bytes <= PEER_HEAD_BYTES_MAX - HEAD_LENGTH_BYTES);
    put_le32(length, (uint32_t)bytes);
    buffer_append(to, length, sizeof(length));
    return peer_put(to, head);
}

/* The head's memory comes from the arena, so there is nothing to free, and a
 * head that would cost more than its share is refused. */
static void *take_memory(void *context, size_t bytes)
{
    struct peer_source *source = context;
    void *memory = NULL;

    if (bytes > source->left) {
        source->refused = ERROR_TOO_LARGE;
        return NULL;
    }
    source->left -= bytes;
    memory = arena_alloc(source->arena, bytes);
    if (memory == NULL) {
        source->refused = ERROR_NO_MEMORY;
    }
    return memory;
}

static void keep_memory(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

enum error peer_read(uint8_t kind, struct slice payload, struct arena *arena,
                     struct peer_message *message_out)
{
    const struct peer_codec *codec = codec_of(kind);
    struct peer_message message;
    struct peer_source source = {
        .payload = payload,
        .arena = arena,
        .allocator = {take_memory, keep_memory, &source},
        .left = PEER_DECODE_BYTES_MAX,
        .refused = ERROR_NONE,
    };

    if (codec == NULL) {
        return ERROR_UNSUPPORTED;
    }
    if (payload.len > kind_limits[kind].bytes_max) {
        return ERROR_TOO_LARGE;
    }
    memset(&message, 0, sizeof(message));
    message.kind = (enum peer_kind)kind;
    TRY(codec->read(&source, &message));
    *message_out = message;
    return ERROR_NONE;
}

static void *unpack(struct peer_source *source, struct slice bytes,
                    const ProtobufCMessageDescriptor *descriptor)
{
    return protobuf_c_message_unpack(descriptor, &source->allocator, bytes.len,
                                     bytes.data);
}

void *peer_take(struct peer_source *source,
                const ProtobufCMessageDescriptor *descriptor)
{
    return unpack(source, source->payload, descriptor);
}

void *peer_take_head(struct peer_source *source,
                     const ProtobufCMessageDescriptor *descriptor,
                     struct slice *tail_out)
{
    struct slice rest = slice_after(source->payload, HEAD_LENGTH_BYTES);
    uint32_t bytes;

    if (source->payload.len < HEAD_LENGTH_BYTES) {
        return NULL;
    }
    bytes = get_le32(source->payload.data);
    if (bytes > rest.len || bytes > PEER_HEAD_BYTES_MAX - HEAD_LENGTH_BYTES) {
        return NULL;
    }
    *tail_out = slice_after(rest, bytes);
    return unpack(source, slice_of(rest.data, bytes), descriptor);
}

enum error peer_source_error(const struct peer_source *source)
{
    return source->refused != ERROR_NONE ? source->refused : ERROR_MALFORMED;
}

enum error peer_count_entry(struct slice entry, size_t *left)
{
    CHECK(entry.len > 0 && entry.len % PEER_ENTRY_ALIGN_BYTES == 0);
    if (entry.len > *left) {
        return ERROR_TOO_LARGE;
    }
    *left -= entry.len;
    return ERROR_NONE;
}

enum error peer_cut_entry(struct slice *tail, uint32_t bytes,
                          struct slice *entry_out)
{
    if (bytes == 0 || bytes % PEER_ENTRY_ALIGN_BYTES != 0 ||
        bytes > tail->len) {
        return ERROR_MALFORMED;
    }
    *entry_out = slice_of(tail->data, bytes);
    *tail = slice_after(*tail, bytes);
    return ERROR_NONE;
}

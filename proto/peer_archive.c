#include "proto/base/check.h"
#include "proto/peer.pb-c.h"
#include "proto/peer_codec.h"

static bool is_asked(int32_t level, uint32_t width)
{
    return level >= PEER_ARCHIVE_PAYLOAD && level <= PEER_ARCHIVE_LEVEL_MAX &&
           width >= 1 && width <= PEER_ARCHIVE_WIDTH_MAX;
}

static enum error write_ask(const struct peer_message *message,
                            struct buffer *to)
{
    const struct peer_archive_ask *from = &message->archive_ask;
    Peer__ArchiveAsk wire = PEER__ARCHIVE_ASK__INIT;

    CHECK(is_asked(from->level, from->width));
    wire.number = from->number;
    wire.level = from->level;
    wire.index = from->index;
    wire.width = from->width;
    wire.offset = from->offset;
    return peer_put(to, &wire.base);
}

static enum error read_ask(struct peer_source *source, struct peer_message *out)
{
    const Peer__ArchiveAsk *wire =
        peer_take(source, &peer__archive_ask__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (!is_asked(wire->level, wire->width) || wire->offset > INT64_MAX) {
        return ERROR_MALFORMED;
    }
    out->archive_ask = (struct peer_archive_ask){
        wire->number, wire->level, wire->index, wire->width, wire->offset};
    return ERROR_NONE;
}

static enum error write_part(const struct peer_message *message,
                             struct buffer *to)
{
    const struct peer_archive_part *from = &message->archive_part;
    Peer__ArchivePart wire = PEER__ARCHIVE_PART__INIT;

    if (from->data.len > PEER_CHUNK_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    CHECK(from->offset <= from->bytes &&
          from->data.len <= from->bytes - from->offset);
    wire.number = from->number;
    wire.absent = from->absent;
    wire.offset = from->offset;
    wire.bytes = from->bytes;
    TRY(peer_put_head(to, &wire.base));
    buffer_append_slice(to, from->data);
    return ERROR_NONE;
}

static enum error read_part(struct peer_source *source,
                            struct peer_message *out)
{
    struct slice tail = SLICE_NONE;
    const Peer__ArchivePart *wire =
        peer_take_head(source, &peer__archive_part__descriptor, &tail);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (tail.len > PEER_CHUNK_BYTES_MAX || wire->offset > wire->bytes ||
        tail.len > wire->bytes - wire->offset) {
        return ERROR_MALFORMED;
    }
    out->archive_part = (struct peer_archive_part){
        .number = wire->number,
        .absent = wire->absent,
        .offset = wire->offset,
        .bytes = wire->bytes,
        .data = tail,
    };
    return ERROR_NONE;
}

const struct peer_codec *peer_codec_archive(uint8_t kind)
{
    static const struct peer_codec codecs[PEER_KINDS] = {
        [PEER_ARCHIVE_ASK] = {write_ask, read_ask},
        [PEER_ARCHIVE_PART] = {write_part, read_part},
    };

    return kind < PEER_KINDS && codecs[kind].write != NULL ? &codecs[kind]
                                                           : NULL;
}

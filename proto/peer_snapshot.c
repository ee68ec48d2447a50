#include "proto/base/check.h"
#include "proto/peer.pb-c.h"
#include "proto/peer_codec.h"

static enum error write_snapshot_fetch(const struct peer_message *message,
                                       struct buffer *to)
{
    const struct peer_snapshot_fetch *from = &message->snapshot_fetch;
    Peer__SnapshotFetch wire = PEER__SNAPSHOT_FETCH__INIT;

    CHECK(from->bytes > 0 && from->bytes <= PEER_CHUNK_BYTES_MAX);
    wire.id = from->id;
    wire.file = from->file;
    wire.offset = from->offset;
    wire.bytes = from->bytes;
    return peer_put(to, &wire.base);
}

static enum error read_snapshot_fetch(struct peer_source *source,
                                      struct peer_message *out)
{
    const Peer__SnapshotFetch *wire =
        peer_take(source, &peer__snapshot_fetch__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (wire->bytes == 0 || wire->bytes > PEER_CHUNK_BYTES_MAX ||
        wire->offset > INT64_MAX) {
        return ERROR_MALFORMED;
    }
    out->snapshot_fetch = (struct peer_snapshot_fetch){
        wire->id, wire->file, wire->offset, wire->bytes};
    return ERROR_NONE;
}

static enum error write_snapshot_chunk(const struct peer_message *message,
                                       struct buffer *to)
{
    const struct peer_snapshot_chunk *from = &message->snapshot_chunk;
    Peer__SnapshotChunk wire = PEER__SNAPSHOT_CHUNK__INIT;

    if (from->data.len > PEER_CHUNK_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    wire.id = from->id;
    wire.file = from->file;
    wire.offset = from->offset;
    wire.crc32c = from->crc32c;
    wire.last = from->last;
    TRY(peer_put_head(to, &wire.base));
    buffer_append_slice(to, from->data);
    return ERROR_NONE;
}

static enum error read_snapshot_chunk(struct peer_source *source,
                                      struct peer_message *out)
{
    struct slice tail = SLICE_NONE;
    const Peer__SnapshotChunk *wire =
        peer_take_head(source, &peer__snapshot_chunk__descriptor, &tail);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (tail.len > PEER_CHUNK_BYTES_MAX || wire->offset > INT64_MAX) {
        return ERROR_MALFORMED;
    }
    out->snapshot_chunk = (struct peer_snapshot_chunk){
        .id = wire->id,
        .file = wire->file,
        .offset = wire->offset,
        .crc32c = wire->crc32c,
        .last = wire->last,
        .data = tail,
    };
    return ERROR_NONE;
}

static enum error write_snapshot_gone(const struct peer_message *message,
                                      struct buffer *to)
{
    Peer__SnapshotGone wire = PEER__SNAPSHOT_GONE__INIT;

    wire.id = message->snapshot_gone.id;
    return peer_put(to, &wire.base);
}

static enum error read_snapshot_gone(struct peer_source *source,
                                     struct peer_message *out)
{
    const Peer__SnapshotGone *wire =
        peer_take(source, &peer__snapshot_gone__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->snapshot_gone.id = wire->id;
    return ERROR_NONE;
}

const struct peer_codec *peer_codec_snapshot(uint8_t kind)
{
    static const struct peer_codec codecs[PEER_KINDS] = {
        [PEER_SNAPSHOT_FETCH] = {write_snapshot_fetch, read_snapshot_fetch},
        [PEER_SNAPSHOT_CHUNK] = {write_snapshot_chunk, read_snapshot_chunk},
        [PEER_SNAPSHOT_GONE] = {write_snapshot_gone, read_snapshot_gone},
    };

    return kind < PEER_KINDS && codecs[kind].write != NULL ? &codecs[kind]
                                                           : NULL;
}

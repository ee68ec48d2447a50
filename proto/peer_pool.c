#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/peer.pb-c.h"
#include "proto/peer_codec.h"

/* Text goes into journal lines, between quotes. */
static bool text_is_plain(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' ||
            text[i] == '\\') {
            return false;
        }
    }
    return true;
}

static enum error read_text(const ProtobufCBinaryData *from, char *to,
                            size_t bytes_max)
{
    if (from->len > bytes_max || !text_is_plain(from->data, from->len)) {
        return ERROR_MALFORMED;
    }
    if (from->len > 0) {
        memcpy(to, from->data, from->len);
    }
    to[from->len] = '\0';
    return ERROR_NONE;
}

static ProtobufCBinaryData write_text(char *from)
{
    ProtobufCBinaryData data = {strlen(from), (uint8_t *)from};

    CHECK(text_is_plain(data.data, data.len));
    return data;
}

static bool node_is_sound(uint32_t node, uint64_t raft_id)
{
    return node >= 1 && node <= PEER_NODE_MAX && raft_id % 256 == node;
}

static bool versions_are_sound(uint32_t min, uint32_t max)
{
    return min >= 1 && min <= max;
}

enum error peer_hello_check(const struct peer_hello *hello)
{
    size_t software = strnlen(hello->software, sizeof(hello->software));
    size_t address = strnlen(hello->sip_address, sizeof(hello->sip_address));

    if (software > PEER_SOFTWARE_BYTES_MAX ||
        address > PEER_ADDRESS_BYTES_MAX ||
        !text_is_plain((const uint8_t *)hello->software, software) ||
        !text_is_plain((const uint8_t *)hello->sip_address, address) ||
        !node_is_sound(hello->node, hello->raft_id) ||
        !versions_are_sound(hello->version_min, hello->version_max)) {
        return ERROR_INVALID;
    }
    return ERROR_NONE;
}

static enum error write_hello(const struct peer_message *message,
                              struct buffer *to)
{
    struct peer_hello from = message->hello;
    Peer__Hello wire = PEER__HELLO__INIT;

    CHECK(peer_hello_check(&from) == ERROR_NONE);
    wire.pool = (ProtobufCBinaryData){GUID_BYTES, from.pool.bytes};
    wire.node = from.node;
    wire.raft_id = from.raft_id;
    wire.directory_id = from.directory_id;
    wire.version_min = from.version_min;
    wire.version_max = from.version_max;
    wire.rules_version = from.rules_version;
    wire.last_log_index = from.last_log_index;
    wire.last_log_term = from.last_log_term;
    wire.software = write_text(from.software);
    wire.sip_address = write_text(from.sip_address);
    return peer_put(to, &wire.base);
}

static enum error read_hello(struct peer_source *source,
                             struct peer_message *out)
{
    const Peer__Hello *wire = peer_take(source, &peer__hello__descriptor);
    struct peer_hello *hello = &out->hello;

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (wire->pool.len != GUID_BYTES ||
        !node_is_sound(wire->node, wire->raft_id) ||
        !versions_are_sound(wire->version_min, wire->version_max)) {
        return ERROR_MALFORMED;
    }
    memcpy(hello->pool.bytes, wire->pool.data, GUID_BYTES);
    hello->node = (uint8_t)wire->node;
    hello->raft_id = wire->raft_id;
    hello->directory_id = wire->directory_id;
    hello->version_min = wire->version_min;
    hello->version_max = wire->version_max;
    hello->rules_version = wire->rules_version;
    hello->last_log_index = wire->last_log_index;
    hello->last_log_term = wire->last_log_term;
    TRY(read_text(&wire->software, hello->software, PEER_SOFTWARE_BYTES_MAX));
    return read_text(&wire->sip_address, hello->sip_address,
                     PEER_ADDRESS_BYTES_MAX);
}

static enum error write_reject(const struct peer_message *message,
                               struct buffer *to)
{
    struct peer_reject from = message->reject;
    Peer__Reject wire = PEER__REJECT__INIT;

    CHECK(from.refusal != PEER_REFUSAL_NONE && from.refusal < PEER_REFUSALS);
    wire.refusal = from.refusal;
    wire.detail = write_text(from.detail);
    return peer_put(to, &wire.base);
}

static enum error read_reject(struct peer_source *source,
                              struct peer_message *out)
{
    const Peer__Reject *wire = peer_take(source, &peer__reject__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->reject.refusal =
        wire->refusal == PEER_REFUSAL_NONE || wire->refusal >= PEER_REFUSALS
            ? PEER_REFUSAL_OTHER
            : (enum peer_refusal)wire->refusal;
    return read_text(&wire->detail, out->reject.detail, PEER_DETAIL_BYTES_MAX);
}

static enum error write_alive(const struct peer_message *message,
                              struct buffer *to)
{
    Peer__Alive wire = PEER__ALIVE__INIT;

    wire.sent_us = message->alive.sent_us;
    wire.answer = message->alive.answer;
    return peer_put(to, &wire.base);
}

static enum error read_alive(struct peer_source *source,
                             struct peer_message *out)
{
    const Peer__Alive *wire = peer_take(source, &peer__alive__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->alive = (struct peer_alive){wire->sent_us, wire->answer};
    return ERROR_NONE;
}

static enum error write_propose(const struct peer_message *message,
                                struct buffer *to)
{
    const struct peer_propose *from = &message->propose;
    Peer__Propose wire = PEER__PROPOSE__INIT;
    size_t left = PEER_BULK_BYTES_MAX;
    enum error error;

    CHECK(from->n > 0);
    if (from->n > PEER_ENTRIES_MAX) {
        return ERROR_TOO_LARGE;
    }
    for (size_t i = 0; i < from->n; i++) {
        TRY(peer_count_entry(from->entries[i], &left));
    }
    wire.entry_bytes = malloc(from->n * sizeof(*wire.entry_bytes));
    if (wire.entry_bytes == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < from->n; i++) {
        wire.entry_bytes[i] = (uint32_t)from->entries[i].len;
    }
    wire.n_entry_bytes = from->n;
    error = peer_put_head(to, &wire.base);
    free(wire.entry_bytes);
    for (size_t i = 0; i < from->n && error == ERROR_NONE; i++) {
        buffer_append_slice(to, from->entries[i]);
    }
    return error;
}

static enum error read_propose(struct peer_source *source,
                               struct peer_message *out)
{
    struct slice tail = SLICE_NONE;
    const Peer__Propose *wire =
        peer_take_head(source, &peer__propose__descriptor, &tail);
    struct slice *entries;

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (wire->n_entry_bytes == 0) {
        return ERROR_MALFORMED;
    }
    if (wire->n_entry_bytes > PEER_ENTRIES_MAX) {
        return ERROR_TOO_LARGE;
    }
    entries =
        arena_alloc(source->arena, wire->n_entry_bytes * sizeof(*entries));
    if (entries == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < wire->n_entry_bytes; i++) {
        TRY(peer_cut_entry(&tail, wire->entry_bytes[i], &entries[i]));
    }
    out->propose = (struct peer_propose){entries, wire->n_entry_bytes};
    return tail.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

static enum error write_propose_busy(const struct peer_message *message,
                                     struct buffer *to)
{
    Peer__ProposeBusy wire = PEER__PROPOSE_BUSY__INIT;

    wire.origin_epoch = message->propose_busy.origin_epoch;
    wire.first_refused = message->propose_busy.first_refused;
    wire.retry_ms = message->propose_busy.retry_ms;
    return peer_put(to, &wire.base);
}

static enum error read_propose_busy(struct peer_source *source,
                                    struct peer_message *out)
{
    const Peer__ProposeBusy *wire =
        peer_take(source, &peer__propose_busy__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->propose_busy = (struct peer_propose_busy){
        wire->origin_epoch, wire->first_refused, wire->retry_ms};
    return ERROR_NONE;
}

static enum error write_read_index_request(const struct peer_message *message,
                                           struct buffer *to)
{
    Peer__ReadIndexRequest wire = PEER__READ_INDEX_REQUEST__INIT;

    wire.number = message->read_index_request.number;
    return peer_put(to, &wire.base);
}

static enum error read_read_index_request(struct peer_source *source,
                                          struct peer_message *out)
{
    const Peer__ReadIndexRequest *wire =
        peer_take(source, &peer__read_index_request__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->read_index_request.number = wire->number;
    return ERROR_NONE;
}

static enum error write_read_index_reply(const struct peer_message *message,
                                         struct buffer *to)
{
    Peer__ReadIndexReply wire = PEER__READ_INDEX_REPLY__INIT;

    wire.number = message->read_index_reply.number;
    wire.granted = message->read_index_reply.granted;
    wire.log_index = message->read_index_reply.log_index;
    return peer_put(to, &wire.base);
}

static enum error read_read_index_reply(struct peer_source *source,
                                        struct peer_message *out)
{
    const Peer__ReadIndexReply *wire =
        peer_take(source, &peer__read_index_reply__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->read_index_reply = (struct peer_read_index_reply){
        wire->number, wire->granted, wire->log_index};
    return ERROR_NONE;
}

static enum error write_ping(const struct peer_message *message,
                             struct buffer *to)
{
    Peer__Ping wire = PEER__PING__INIT;

    wire.term = message->ping.term;
    wire.seq = message->ping.seq;
    return peer_put(to, &wire.base);
}

static enum error read_ping(struct peer_source *source,
                            struct peer_message *out)
{
    const Peer__Ping *wire = peer_take(source, &peer__ping__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->ping = (struct peer_ping){wire->term, wire->seq};
    return ERROR_NONE;
}

const struct peer_codec *peer_codec_pool(uint8_t kind)
{
    static const struct peer_codec codecs[PEER_KINDS] = {
        [PEER_HELLO] = {write_hello, read_hello},
        [PEER_REJECT] = {write_reject, read_reject},
        [PEER_ALIVE] = {write_alive, read_alive},
        [PEER_PROPOSE] = {write_propose, read_propose},
        [PEER_PROPOSE_BUSY] = {write_propose_busy, read_propose_busy},
        [PEER_READ_INDEX_REQUEST] = {write_read_index_request,
                                     read_read_index_request},
        [PEER_READ_INDEX_REPLY] = {write_read_index_reply,
                                   read_read_index_reply},
        [PEER_PING] = {write_ping, read_ping},
        /* Of one shape, and one member of the union. */
        [PEER_PONG] = {write_ping, read_ping},
    };

    return kind < PEER_KINDS && codecs[kind].write != NULL ? &codecs[kind]
                                                           : NULL;
}

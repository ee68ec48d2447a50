#include "raft/log_store/record.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"

/* Offsets; see the tables in the header. */
enum {
    AT_LENGTH = 4,
    AT_CHAIN = 8,
    AT_KIND = 12,
    AT_TYPE = 13,
    AT_ZERO = 14,
    AT_INDEX = 16,
    AT_TERM = 24,

    AT_SERIAL = 0,
    AT_DIRECTORY = 8,
    AT_SEGMENT = 16,
    AT_BLOCK = 24,
    AT_BLOCKS = 28,
    AT_RECORDS = 32,
    AT_BLANK = 36,

    AT_FIRST_INDEX = 0,
    AT_KEEP_FROM = 8,
    AT_CONFIGURATION_INDEX = 16,
    AT_REPLACES = 24,
    AT_CONFIGURATION_BYTES = 28,
    AT_DATA_BYTES = 32,
    AT_MARKER_ZERO = 36,
};

size_t record_bytes(size_t payload_bytes)
{
    size_t bytes = RECORD_HEADER_BYTES + payload_bytes;

    return (bytes + RECORD_ALIGN_BYTES - 1) / RECORD_ALIGN_BYTES *
           RECORD_ALIGN_BYTES;
}

uint32_t record_seal(uint8_t *at, const struct record *record)
{
    size_t end = RECORD_HEADER_BYTES + record->payload.len;
    size_t bytes = record_bytes(record->payload.len);
    uint32_t checksum;

    CHECK(record->payload.len <= UINT32_MAX);
    memset(at + end, 0, bytes - end);
    put_le32(at + AT_LENGTH, (uint32_t)record->payload.len);
    put_le32(at + AT_CHAIN, record->chain);
    at[AT_KIND] = (uint8_t)record->kind;
    at[AT_TYPE] = record->type;
    put_le16(at + AT_ZERO, 0);
    put_le64(at + AT_INDEX, record->index);
    put_le64(at + AT_TERM, record->term);
    checksum = checksum_of(at + AT_LENGTH, bytes - AT_LENGTH);
    put_le32(at, checksum);
    return checksum;
}

bool record_parse(struct slice bytes, struct record *record_out)
{
    const uint8_t *at = bytes.data;
    uint32_t len;

    if (bytes.len < RECORD_HEADER_BYTES) {
        return false;
    }
    len = get_le32(at + AT_LENGTH);
    if (record_bytes(len) > bytes.len || at[AT_KIND] < RECORD_BATCH ||
        at[AT_KIND] > RECORD_SNAPSHOT) {
        return false;
    }
    *record_out = (struct record){
        .checksum = get_le32(at),
        .chain = get_le32(at + AT_CHAIN),
        .kind = (enum record_kind)at[AT_KIND],
        .type = at[AT_TYPE],
        .index = get_le64(at + AT_INDEX),
        .term = get_le64(at + AT_TERM),
        .payload = slice_of(at + RECORD_HEADER_BYTES, len),
    };
    return true;
}

bool record_checks(struct slice bytes, const struct record *record)
{
    size_t len = record_bytes(record->payload.len);

    return checksum_of(bytes.data + AT_LENGTH, len - AT_LENGTH) ==
           record->checksum;
}

void batch_seal(uint8_t *at, const struct batch *batch)
{
    uint8_t *payload = at + RECORD_HEADER_BYTES;
    struct record record = {
        .kind = RECORD_BATCH,
        .chain = batch->chain,
        .index = batch->acknowledged,
        .payload = slice_of(payload, BATCH_PAYLOAD_BYTES),
    };

    put_le64(payload + AT_SERIAL, batch->serial);
    put_le64(payload + AT_DIRECTORY, batch->directory_id);
    put_le64(payload + AT_SEGMENT, batch->segment);
    put_le32(payload + AT_BLOCK, batch->block);
    put_le32(payload + AT_BLOCKS, batch->blocks);
    put_le32(payload + AT_RECORDS, batch->records);
    put_le32(payload + AT_BLANK, batch->blank);
    record_seal(at, &record);
}

bool batch_read(struct slice bytes, struct batch *batch_out)
{
    struct record record;
    const uint8_t *payload;

    if (!record_parse(bytes, &record) || record.kind != RECORD_BATCH ||
        record.payload.len != BATCH_PAYLOAD_BYTES ||
        !record_checks(bytes, &record)) {
        return false;
    }
    payload = record.payload.data;
    *batch_out = (struct batch){
        .acknowledged = record.index,
        .chain = record.chain,
        .serial = get_le64(payload + AT_SERIAL),
        .directory_id = get_le64(payload + AT_DIRECTORY),
        .segment = get_le64(payload + AT_SEGMENT),
        .block = get_le32(payload + AT_BLOCK),
        .blocks = get_le32(payload + AT_BLOCKS),
        .records = get_le32(payload + AT_RECORDS),
        .blank = get_le32(payload + AT_BLANK),
    };
    return true;
}

size_t marker_bytes(const struct marker *marker)
{
    return SNAPSHOT_FIXED_BYTES + marker->configuration.len + marker->data.len;
}

static void put_slice(uint8_t *to, struct slice slice)
{
    if (slice.len > 0) {
        memcpy(to, slice.data, slice.len);
    }
}

void marker_write(uint8_t *to, const struct marker *marker)
{
    put_le64(to + AT_FIRST_INDEX, marker->first_index);
    put_le64(to + AT_KEEP_FROM, marker->keep_from);
    put_le64(to + AT_CONFIGURATION_INDEX, marker->configuration_index);
    put_le32(to + AT_REPLACES, marker->replaces);
    put_le32(to + AT_CONFIGURATION_BYTES, (uint32_t)marker->configuration.len);
    put_le32(to + AT_DATA_BYTES, (uint32_t)marker->data.len);
    put_le32(to + AT_MARKER_ZERO, 0);
    to += SNAPSHOT_FIXED_BYTES;
    put_slice(to, marker->configuration);
    put_slice(to + marker->configuration.len, marker->data);
}

bool marker_read(struct slice payload, struct marker *marker_out)
{
    const uint8_t *at = payload.data;
    uint64_t configuration, data;

    if (payload.len < SNAPSHOT_FIXED_BYTES) {
        return false;
    }
    configuration = get_le32(at + AT_CONFIGURATION_BYTES);
    data = get_le32(at + AT_DATA_BYTES);
    if (SNAPSHOT_FIXED_BYTES + configuration + data != payload.len ||
        get_le32(at + AT_REPLACES) > 1) {
        return false;
    }
    *marker_out = (struct marker){
        .first_index = get_le64(at + AT_FIRST_INDEX),
        .keep_from = get_le64(at + AT_KEEP_FROM),
        .configuration_index = get_le64(at + AT_CONFIGURATION_INDEX),
        .replaces = get_le32(at + AT_REPLACES) != 0,
        .configuration = slice_of(at + SNAPSHOT_FIXED_BYTES, configuration),
        .data = slice_of(at + SNAPSHOT_FIXED_BYTES + configuration, data),
    };
    return true;
}

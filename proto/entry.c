#include "proto/entry.h"

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum {
    AT_FORMAT = 0,
    AT_NODE = 1,
    AT_ZERO = 2,
    AT_LENGTH = 4,
    AT_EPOCH = 8,
    AT_NUMBER = 16,
    AT_SENT = 24,
};

size_t entry_bytes(size_t command_bytes)
{
    size_t bytes = ENTRY_HEADER_BYTES + command_bytes;

    return (bytes + ENTRY_ALIGN_BYTES - 1) / ENTRY_ALIGN_BYTES *
           ENTRY_ALIGN_BYTES;
}

void entry_write(uint8_t *to, const struct entry *entry)
{
    size_t bytes = entry_bytes(entry->command.len);

    CHECK(entry->command.len <= ENTRY_COMMAND_BYTES_MAX);
    memset(to, 0, ENTRY_HEADER_BYTES);
    to[AT_FORMAT] = ENTRY_FORMAT;
    to[AT_NODE] = entry->origin_node;
    put_le32(to + AT_LENGTH, (uint32_t)entry->command.len);
    put_le64(to + AT_EPOCH, entry->origin_epoch);
    put_le64(to + AT_NUMBER, entry->number);
    put_le64(to + AT_SENT, (uint64_t)entry->sent_at_us);
    if (entry->command.len > 0) {
        memcpy(to + ENTRY_HEADER_BYTES, entry->command.data,
               entry->command.len);
    }
    memset(to + ENTRY_HEADER_BYTES + entry->command.len, 0,
           bytes - ENTRY_HEADER_BYTES - entry->command.len);
}

static enum error check_shape(struct slice bytes, uint32_t command_bytes)
{
    if (command_bytes > ENTRY_COMMAND_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (bytes.len < entry_bytes(command_bytes)) {
        return ERROR_TRUNCATED;
    }
    if (bytes.len > entry_bytes(command_bytes)) {
        return ERROR_MALFORMED;
    }
    for (size_t i = ENTRY_HEADER_BYTES + command_bytes; i < bytes.len; i++) {
        if (bytes.data[i] != 0) {
            return ERROR_MALFORMED;
        }
    }
    return ERROR_NONE;
}

enum error entry_read(struct slice bytes, struct entry *entry_out)
{
    uint32_t command_bytes;

    if (bytes.len < ENTRY_HEADER_BYTES) {
        return ERROR_TRUNCATED;
    }
    if (bytes.data[AT_FORMAT] != ENTRY_FORMAT) {
        return ERROR_UNSUPPORTED;
    }
    if (bytes.data[AT_NODE] == 0 || bytes.data[AT_ZERO] != 0 ||
        bytes.data[AT_ZERO + 1] != 0) {
        return ERROR_MALFORMED;
    }
    command_bytes = get_le32(bytes.data + AT_LENGTH);
    TRY(check_shape(bytes, command_bytes));

    entry_out->origin_node = bytes.data[AT_NODE];
    entry_out->origin_epoch = get_le64(bytes.data + AT_EPOCH);
    entry_out->number = get_le64(bytes.data + AT_NUMBER);
    entry_out->sent_at_us = (int64_t)get_le64(bytes.data + AT_SENT);
    entry_out->command =
        slice_of(bytes.data + ENTRY_HEADER_BYTES, command_bytes);
    return ERROR_NONE;
}

void entry_stamp(uint8_t *entry, int64_t sent_at_us)
{
    CHECK(entry[AT_FORMAT] == ENTRY_FORMAT);
    put_le64(entry + AT_SENT, (uint64_t)sent_at_us);
}

#include "raft/replica/identity.h"

#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"

enum {
    AT_CHECKSUM = 8,
    AT_FORMAT = 12,
    AT_POOL = 16,
    AT_RAFT_ID = 32,
    AT_DIRECTORY_ID = 40,
    AT_REMOVED = 48,
};

static const char magic[AT_CHECKSUM] = {'p', 'e', 'r', 'c', 'h', 'n', 'o', 'd'};
static const char file_name[] = "identity";
static const char new_name[] = "identity.new";

static uint32_t checksum_in(const uint8_t *bytes)
{
    return checksum_of(bytes + AT_FORMAT, IDENTITY_BYTES - AT_FORMAT);
}

static enum error parse(const uint8_t bytes[IDENTITY_BYTES],
                        struct replica_identity *identity_out)
{
    struct replica_identity identity;

    if (memcmp(bytes, magic, sizeof(magic)) != 0 ||
        get_le32(bytes + AT_CHECKSUM) != checksum_in(bytes)) {
        return ERROR_ROTTEN;
    }
    if (get_le32(bytes + AT_FORMAT) != IDENTITY_FORMAT) {
        return ERROR_UNSUPPORTED;
    }
    memcpy(identity.pool.bytes, bytes + AT_POOL, GUID_BYTES);
    identity.raft_id = get_le64(bytes + AT_RAFT_ID);
    identity.directory_id = get_le64(bytes + AT_DIRECTORY_ID);
    identity.node = (uint8_t)(identity.raft_id & 0xff);
    identity.removed = bytes[AT_REMOVED] != 0;
    *identity_out = identity;
    return identity.node == 0 ? ERROR_ROTTEN : ERROR_NONE;
}

enum error identity_read(struct device *device,
                         struct replica_identity *identity_out)
{
    uint8_t bytes[IDENTITY_BYTES];
    struct device_file *file = NULL;
    uint64_t len = 0;
    size_t got = 0;
    enum error error;

    TRY(device_file_open(device, file_name, DEVICE_READ, &file));
    error = device_file_bytes(file, &len);
    if (error == ERROR_NONE) {
        error = device_file_read(file, 0, bytes, sizeof(bytes), &got);
    }
    device_file_close(file);
    TRY(error);
    if (got != sizeof(bytes) || len != sizeof(bytes)) {
        return ERROR_ROTTEN;
    }
    return parse(bytes, identity_out);
}

static enum error write_new(struct device *device,
                            const uint8_t bytes[IDENTITY_BYTES])
{
    struct device_file *file = NULL;
    enum error error = device_remove(device, new_name);

    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(device_file_open(device, new_name, DEVICE_WRITE | DEVICE_CREATE,
                         &file));
    error = device_file_write(file, 0, bytes, IDENTITY_BYTES);
    if (error == ERROR_NONE) {
        error = device_file_sync(file);
    }
    device_file_close(file);
    return error;
}

enum error identity_write(struct device *device,
                          const struct replica_identity *identity)
{
    uint8_t bytes[IDENTITY_BYTES] = {0};

    memcpy(bytes, magic, sizeof(magic));
    put_le32(bytes + AT_FORMAT, IDENTITY_FORMAT);
    memcpy(bytes + AT_POOL, identity->pool.bytes, GUID_BYTES);
    put_le64(bytes + AT_RAFT_ID, identity->raft_id);
    put_le64(bytes + AT_DIRECTORY_ID, identity->directory_id);
    bytes[AT_REMOVED] = identity->removed;
    put_le32(bytes + AT_CHECKSUM, checksum_in(bytes));
    TRY(write_new(device, bytes));
    TRY(device_rename(device, new_name, file_name));
    return device_sync(device);
}

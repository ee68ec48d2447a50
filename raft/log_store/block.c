#include "raft/log_store/block.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"

/* Offsets; see the table in the header. */
enum {
    AT_CHECKSUM = 8,
    AT_FORMAT = 12,
    AT_POOL = 16,
    AT_DIRECTORY = 32,
};

static uint32_t block_checksum(const uint8_t *block)
{
    return checksum_of(block + AT_FORMAT, LOG_SECTOR_BYTES - AT_FORMAT);
}

void block_seal(uint8_t block[LOG_BLOCK_BYTES], const char *magic,
                const struct log_identity *identity)
{
    memcpy(block, magic, BLOCK_MAGIC_BYTES);
    put_le32(block + AT_FORMAT, LOG_FORMAT);
    memcpy(block + AT_POOL, identity->pool_id.bytes, GUID_BYTES);
    put_le64(block + AT_DIRECTORY, identity->directory_id);
    put_le32(block + AT_CHECKSUM, block_checksum(block));
}

enum error block_check(const uint8_t block[LOG_BLOCK_BYTES], const char *magic,
                       const struct log_identity *identity)
{
    if (memcmp(block, magic, BLOCK_MAGIC_BYTES) != 0 ||
        get_le32(block + AT_CHECKSUM) != block_checksum(block)) {
        return ERROR_ROTTEN;
    }
    if (get_le32(block + AT_FORMAT) != LOG_FORMAT) {
        return ERROR_UNSUPPORTED;
    }
    if (!bytes_are(block + LOG_SECTOR_BYTES, LOG_BLOCK_BYTES - LOG_SECTOR_BYTES,
                   0)) {
        return ERROR_ROTTEN;
    }
    if (memcmp(block + AT_POOL, identity->pool_id.bytes, GUID_BYTES) != 0 ||
        get_le64(block + AT_DIRECTORY) != identity->directory_id) {
        return ERROR_WRONG_POOL;
    }
    return ERROR_NONE;
}

const char *block_complaint(enum error error)
{
    switch (error) {
    case ERROR_WRONG_POOL:
        return "head block of another pool or directory";
    case ERROR_UNSUPPORTED:
        return "format not known to this program";
    default:
        return "head block does not check";
    }
}

bool bytes_are(const uint8_t *bytes, size_t len, uint8_t value)
{
    return len == 0 ||
           (bytes[0] == value && memcmp(bytes, bytes + 1, len - 1) == 0);
}

size_t blank_sectors(const uint8_t *bytes, size_t len)
{
    size_t n = 0;

    CHECK(len % LOG_SECTOR_BYTES == 0);
    for (size_t at = 0; at < len; at += LOG_SECTOR_BYTES) {
        n += bytes_are(bytes + at, LOG_SECTOR_BYTES, 0);
    }
    return n;
}

uint8_t *blocks_alloc(size_t len)
{
    void *blocks = NULL;

    CHECK(len > 0 && len % LOG_BLOCK_BYTES == 0);
    return posix_memalign(&blocks, LOG_BLOCK_BYTES, len) == 0 ? blocks : NULL;
}

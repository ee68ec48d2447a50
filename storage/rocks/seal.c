#include "storage/rocks/seal.h"

#include <stdbool.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "storage/files.h"

#define SEAL_MAGIC "perchsto"

enum {
    MAGIC_AT = 0,
    FORMAT_AT = 8,
    TABLES_AT = 12,
    SERIAL_AT = 16,
    INDEX_AT = 24,
    CHECKSUM_AT = 32,
    SLOT_USED_BYTES = 36,
};

static bool slot_is_valid(const uint8_t *slot)
{
    return memcmp(slot + MAGIC_AT, SEAL_MAGIC, FORMAT_AT) == 0 &&
           get_le32(slot + CHECKSUM_AT) ==
               checksum_masked(checksum_of(slot, CHECKSUM_AT));
}

/* Take a slot when it is valid and newer than what was found so far. */
static enum error slot_read(const uint8_t *slot, struct seal *seal)
{
    if (!slot_is_valid(slot)) {
        return ERROR_NONE;
    }
    if (get_le32(slot + FORMAT_AT) != SEAL_FORMAT) {
        return ERROR_UNSUPPORTED;
    }
    if (get_le64(slot + SERIAL_AT) > seal->serial) {
        seal->tables = get_le32(slot + TABLES_AT);
        seal->serial = get_le64(slot + SERIAL_AT);
        seal->index = get_le64(slot + INDEX_AT);
    }
    return ERROR_NONE;
}

enum error seal_read(const char *directory, struct seal *seal_out)
{
    uint8_t slots[SEAL_SLOTS * SEAL_SLOT_BYTES] = {0};
    char path[FILES_PATH_BYTES_MAX];
    struct seal seal = {0};
    size_t got;

    TRY(files_path(path, directory, SEAL_FILE));
    TRY(files_read(path, 0, slots, sizeof(slots), &got));
    for (size_t i = 0; i < SEAL_SLOTS; i++) {
        TRY(slot_read(slots + i * SEAL_SLOT_BYTES, &seal));
    }
    if (seal.serial == 0) {
        return ERROR_ROTTEN;
    }
    *seal_out = seal;
    return ERROR_NONE;
}

enum error seal_write(const char *directory, struct seal *seal)
{
    uint8_t slot[SLOT_USED_BYTES];
    char path[FILES_PATH_BYTES_MAX];

    seal->serial += 1;
    memcpy(slot + MAGIC_AT, SEAL_MAGIC, FORMAT_AT);
    put_le32(slot + FORMAT_AT, SEAL_FORMAT);
    put_le32(slot + TABLES_AT, seal->tables);
    put_le64(slot + SERIAL_AT, seal->serial);
    put_le64(slot + INDEX_AT, seal->index);
    put_le32(slot + CHECKSUM_AT,
             checksum_masked(checksum_of(slot, CHECKSUM_AT)));
    TRY(files_path(path, directory, SEAL_FILE));
    TRY(files_write(path, seal->serial % SEAL_SLOTS * SEAL_SLOT_BYTES, slot,
                    sizeof(slot)));
    return files_sync(path);
}

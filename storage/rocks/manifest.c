#include "storage/rocks/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"

enum {
    HEADER_BYTES = 7, /* CRC 4, length 2, type 1. */
    TYPE_AT = 6,
    READ_BYTES = 1 << 20,
};

/* Of a record's part; a record is FULL, or FIRST, MIDDLE..., LAST. */
enum { TYPE_FULL = 1, TYPE_FIRST = 2, TYPE_MIDDLE = 3, TYPE_LAST = 4 };

static bool all_zero(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Check one part at the head of what is left of a block. Returns its bytes,
 * header included; 0 when it is cut short by the end of the file; sets fault
 * when it is damaged. */
static size_t part_check(struct slice rest, bool last_block, bool *open,
                         const char **fault)
{
    size_t bytes =
        HEADER_BYTES + (size_t)rest.data[4] + ((size_t)rest.data[5] << 8);
    uint8_t type = rest.data[TYPE_AT];

    if (bytes > rest.len) {
        *fault = last_block ? NULL : "a record is longer than its block";
        return 0;
    }
    if (get_le32(rest.data) !=
        checksum_masked(checksum_of(rest.data + TYPE_AT, bytes - TYPE_AT))) {
        *fault = "a record's checksum differs";
        return 0;
    }
    if (type < TYPE_FULL || type > TYPE_LAST ||
        *open != (type == TYPE_MIDDLE || type == TYPE_LAST)) {
        *fault = "a record is out of order";
        return 0;
    }
    *open = type == TYPE_FIRST || type == TYPE_MIDDLE;
    return bytes;
}

/* Check one block; open says whether a record goes on into the next. */
static const char *block_check(struct slice block, bool last_block, bool *open)
{
    const char *fault = NULL;

    while (block.len >= HEADER_BYTES) {
        size_t bytes;

        if (last_block && all_zero(block)) {
            return NULL;
        }
        bytes = part_check(block, last_block, open, &fault);
        if (bytes == 0) {
            return fault;
        }
        block = slice_after(block, bytes);
    }
    if (!last_block && !all_zero(block)) {
        return "a block's end is not zero";
    }
    return NULL;
}

const char *manifest_fault(struct slice bytes)
{
    bool open = false;

    if (bytes.len < HEADER_BYTES) {
        return "empty";
    }
    while (bytes.len > 0) {
        bool last_block = bytes.len <= MANIFEST_BLOCK_BYTES;
        struct slice block = bytes;
        const char *fault;

        block.len = last_block ? bytes.len : MANIFEST_BLOCK_BYTES;
        fault = block_check(block, last_block, &open);
        if (fault != NULL) {
            return fault;
        }
        bytes = slice_after(bytes, block.len);
    }
    return NULL;
}

static enum error rotten(const char *directory, const char *file,
                         const char *reason)
{
    journal_error("store_rotten", "path=%s file=%s reason=\"%s\"", directory,
                  file, reason);
    return ERROR_ROTTEN;
}

/* What must be there besides the tables' own files. */
struct found {
    bool options;
};

static enum error entry_look(void *context, const struct files_entry *entry)
{
    struct found *found = context;

    /* Not one that was left half written, OPTIONS-000007.dbtmp. */
    if (strncmp(entry->name, "OPTIONS-", 8) == 0 && entry->bytes > 0 &&
        entry->name[8 + strspn(entry->name + 8, "0123456789")] == '\0') {
        found->options = true;
    }
    return ERROR_NONE;
}

/* Read the name of the MANIFEST out of CURRENT. */
static enum error current_read(const char *directory, char name[32])
{
    char path[FILES_PATH_BYTES_MAX], text[32];
    size_t got;
    enum error error;

    TRY(files_path(path, directory, "CURRENT"));
    error = files_read(path, 0, text, sizeof(text) - 1, &got);
    if (error == ERROR_NOT_FOUND) {
        return rotten(directory, "CURRENT", "missing");
    }
    TRY(error);
    text[got] = '\0';
    if (strncmp(text, "MANIFEST-", 9) != 0 || strlen(text) != got ||
        strspn(text + 9, "0123456789") != got - 10 || text[got - 1] != '\n') {
        return rotten(directory, "CURRENT", "names no MANIFEST");
    }
    text[got - 1] = '\0';
    memcpy(name, text, sizeof(text));
    return ERROR_NONE;
}

/* Read a whole file, which for a MANIFEST is a few MiB at most. */
static enum error file_read(const char *path, struct buffer *bytes)
{
    size_t got;

    do {
        uint8_t *to = buffer_reserve(bytes, READ_BYTES);

        if (to == NULL) {
            return ERROR_NO_MEMORY;
        }
        TRY(files_read(path, bytes->len, to, READ_BYTES, &got));
        bytes->len += got;
    } while (got == READ_BYTES);
    return ERROR_NONE;
}

static enum error records_check(const char *directory, const char *name)
{
    struct buffer bytes = BUFFER_EMPTY;
    char path[FILES_PATH_BYTES_MAX];
    const char *fault = NULL;
    enum error error;

    TRY(files_path(path, directory, name));
    error = file_read(path, &bytes);
    if (error == ERROR_NONE) {
        fault = manifest_fault(buffer_slice(&bytes));
    } else if (error == ERROR_NOT_FOUND) {
        fault = "missing";
    }
    buffer_deinit(&bytes);
    return fault == NULL ? error : rotten(directory, name, fault);
}

enum error manifest_check(const char *directory)
{
    struct found found = {false};
    char name[32];

    TRY(current_read(directory, name));
    TRY(records_check(directory, name));
    TRY(files_list(directory, entry_look, &found));
    if (!found.options) {
        return rotten(directory, "OPTIONS", "missing");
    }
    return ERROR_NONE;
}

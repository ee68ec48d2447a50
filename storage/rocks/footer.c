#include "storage/rocks/footer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/endian.h"
#include "storage/files.h"

static const uint64_t magic = 0x88e241b785f4cff7U;

enum { FORMAT_AT = 41, MAGIC_AT = 45 };

struct search {
    const char *directory;
    char *name; /* Of the first bad one. */
};

static bool is_sound(const uint8_t *footer)
{
    return (footer[0] == TABLE_CHECKSUM_XXH3 ||
            footer[0] == TABLE_CHECKSUM_CRC32C) &&
           get_le32(footer + FORMAT_AT) == TABLE_FORMAT &&
           get_le64(footer + MAGIC_AT) == magic;
}

static enum error entry_look(void *context, const struct files_entry *entry)
{
    const struct search *search = context;
    char path[FILES_PATH_BYTES_MAX];
    uint8_t footer[FOOTER_BYTES];
    size_t got = 0;

    if (search->name[0] != '\0' || strstr(entry->name, ".sst") == NULL) {
        return ERROR_NONE;
    }
    if (entry->bytes >= FOOTER_BYTES) {
        TRY(files_path(path, search->directory, entry->name));
        TRY(files_read(path, entry->bytes - FOOTER_BYTES, footer, FOOTER_BYTES,
                       &got));
    }
    if (got < FOOTER_BYTES || !is_sound(footer)) {
        snprintf(search->name, FOOTER_NAME_BYTES_MAX, "%s", entry->name);
    }
    return ERROR_NONE;
}

enum error footer_find_bad(const char *directory, char *name_out)
{
    struct search search = {directory, name_out};

    name_out[0] = '\0';
    return files_list(directory, entry_look, &search);
}

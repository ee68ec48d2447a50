#include "storage/current.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "storage/files.h"

enum { CURRENT_BYTES_MAX = GENERATION_NAME_BYTES_MAX + 16 };

#define FOUNDING "founding"

void generation_name_write(char text[GENERATION_NAME_BYTES_MAX],
                           struct generation_name name)
{
    snprintf(text, GENERATION_NAME_BYTES_MAX, "store-%" PRIu64 "-%" PRIu64,
             name.number, name.index);
}

/* Written back, the text must be the same: nothing else names a generation. */
bool generation_name_read(const char *text, struct generation_name *name_out)
{
    char again[GENERATION_NAME_BYTES_MAX];

    if (sscanf(text, "store-%" SCNu64 "-%" SCNu64, &name_out->number,
               &name_out->index) != 2 ||
        name_out->number == 0) {
        return false;
    }
    generation_name_write(again, *name_out);
    return strcmp(again, text) == 0;
}

void generation_step(const struct generation_options *options,
                     enum generation_step done)
{
    if (options->on_step != NULL) {
        options->on_step(options->context, done);
    }
}

enum error current_rotten(const char *directory, const char *reason)
{
    journal_error("generation_rotten", "path=%s file=CURRENT reason=\"%s\"",
                  directory, reason);
    return ERROR_ROTTEN;
}

/* The name, a space, its CRC32C in hex, a line feed: for people's eyes too. */
static size_t current_text(char text[CURRENT_BYTES_MAX], const char *name)
{
    return (size_t)snprintf(text, CURRENT_BYTES_MAX, "%s %08" PRIx32 "\n", name,
                            checksum_of(name, strlen(name)));
}

enum error current_read(const char *directory, struct generation_name *name_out)
{
    char path[FILES_PATH_BYTES_MAX];
    char text[CURRENT_BYTES_MAX], again[CURRENT_BYTES_MAX];
    char name[GENERATION_NAME_BYTES_MAX];
    size_t bytes;

    TRY(files_path(path, directory, "CURRENT"));
    TRY(files_read(path, 0, text, sizeof(text), &bytes));
    if (bytes == sizeof(text) || memchr(text, ' ', bytes) == NULL) {
        return current_rotten(directory, "not a name and a checksum");
    }
    text[bytes] = '\0';
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
    if (current_text(again, name) != bytes || memcmp(again, text, bytes) != 0) {
        return current_rotten(directory, "checksum differs");
    }
    *name_out = (struct generation_name){0, 0};
    if (strcmp(name, FOUNDING) != 0 && !generation_name_read(name, name_out)) {
        return current_rotten(directory, "not the name of a generation");
    }
    return ERROR_NONE;
}

enum error current_write(const char *directory, struct generation_name name,
                         const struct generation_options *options)
{
    char current[FILES_PATH_BYTES_MAX], fresh[FILES_PATH_BYTES_MAX];
    char name_text[GENERATION_NAME_BYTES_MAX] = FOUNDING;
    char text[CURRENT_BYTES_MAX];
    enum error error;
    size_t bytes;

    if (name.number != 0) {
        generation_name_write(name_text, name);
    }
    TRY(files_path(current, directory, "CURRENT"));
    TRY(files_path(fresh, directory, "CURRENT.new"));
    error = files_remove(fresh); /* What a crash left may be longer. */
    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    bytes = current_text(text, name_text);
    TRY(files_write(fresh, 0, text, bytes));
    generation_step(options, GENERATION_CURRENT_WRITTEN);
    TRY(files_sync(fresh));
    generation_step(options, GENERATION_CURRENT_SYNCED);
    TRY(files_rename(fresh, current));
    generation_step(options, GENERATION_CURRENT_RENAMED);
    TRY(files_sync(directory));
    generation_step(options, GENERATION_CURRENT_DURABLE);
    return ERROR_NONE;
}

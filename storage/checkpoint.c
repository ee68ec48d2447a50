#include "storage/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/journal.h"
#include "storage/files.h"
#include "storage/pace.h"

/* What is the same for every kind of store: lists of files, and comparing a
 * directory with one. */

enum { READ_BYTES = 1 << 20 };

bool checkpoint_name_is_valid(const char *name)
{
    size_t bytes = strnlen(name, CHECKPOINT_NAME_BYTES_MAX);

    return bytes > 0 && bytes < CHECKPOINT_NAME_BYTES_MAX && name[0] != '.' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789.-_") == bytes;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (checkpoint != NULL) {
        free(checkpoint->files);
        free(checkpoint);
    }
}

static enum error rotten(const char *path, const char *name, const char *reason)
{
    journal_error("checkpoint_rotten", "path=%s file=%s reason=\"%s\"", path,
                  name, reason);
    return ERROR_ROTTEN;
}

/* Add one entry of the directory to the list, its sum still to come. */
static enum error list_entry(void *context, const struct files_entry *entry)
{
    struct checkpoint *list = context;
    struct checkpoint_file *files;

    if (entry->is_directory || !checkpoint_name_is_valid(entry->name)) {
        return ERROR_INVALID;
    }
    if (list->n == CHECKPOINT_FILES_MAX) {
        return ERROR_TOO_LARGE;
    }
    files = realloc(list->files, (list->n + 1) * sizeof(*files));
    if (files == NULL) {
        return ERROR_NO_MEMORY;
    }
    list->files = files;
    files[list->n] = (struct checkpoint_file){.bytes = entry->bytes};
    snprintf(files[list->n].name, sizeof(files->name), "%s", entry->name);
    list->n += 1;
    return ERROR_NONE;
}

static int by_name(const void *a, const void *b)
{
    const struct checkpoint_file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* List names and lengths, in order of names. */
static enum error names_list(const char *path, struct checkpoint *list)
{
    enum error error = files_list(path, list_entry, list);

    if (error == ERROR_INVALID || error == ERROR_TOO_LARGE) {
        journal_error("checkpoint_refused", "path=%s reason=\"%s\"", path,
                      error == ERROR_INVALID ? "holds what is no file of one"
                                             : "too many files");
    }
    if (error == ERROR_NONE && list->n > 0) {
        qsort(list->files, list->n, sizeof(*list->files), by_name);
    }
    return error;
}

/* Sum a file up in pieces. */
static enum error file_sum(const char *directory, struct checkpoint_file *file,
                           struct pace *pace, uint8_t *piece)
{
    char path[FILES_PATH_BYTES_MAX];
    uint64_t at = 0;
    size_t got;

    file->checksum = checksum_of(NULL, 0);
    TRY(files_path(path, directory, file->name));
    do {
        TRY(files_read(path, at, piece, READ_BYTES, &got));
        file->checksum = checksum_extend(file->checksum, piece, got);
        at += got;
        pace_spend(pace, got);
    } while (got == READ_BYTES);
    return at == file->bytes ? ERROR_NONE
                             : rotten(directory, file->name, "length changes");
}

static enum error sums_list(const char *path, struct checkpoint *list,
                            uint64_t bytes_per_s)
{
    uint8_t *piece = malloc(READ_BYTES);
    enum error error = piece == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
    struct pace pace;

    pace_init(&pace, bytes_per_s);
    for (size_t i = 0; i < list->n && error == ERROR_NONE; i++) {
        error = file_sum(path, &list->files[i], &pace, piece);
    }
    free(piece);
    return error;
}

enum error checkpoint_list(const char *path, uint64_t index,
                           uint64_t bytes_per_s,
                           struct checkpoint **checkpoint_out)
{
    struct checkpoint *list = calloc(1, sizeof(*list));
    enum error error = ERROR_NO_MEMORY;

    if (list == NULL) {
        return ERROR_NO_MEMORY;
    }
    list->index = index;
    error = names_list(path, list);
    if (error == ERROR_NONE) {
        error = sums_list(path, list, bytes_per_s);
    }
    if (error != ERROR_NONE) {
        checkpoint_free(list);
        return error;
    }
    *checkpoint_out = list; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

/* Compare names and lengths, which costs little. Both lists are in order. */
static enum error names_compare(const char *path,
                                const struct checkpoint *wanted,
                                const struct checkpoint *found)
{
    for (size_t i = 0; i < wanted->n || i < found->n; i++) {
        const struct checkpoint_file *want =
            i < wanted->n ? &wanted->files[i] : NULL;
        const struct checkpoint_file *file =
            i < found->n ? &found->files[i] : NULL;
        int order = want == NULL   ? 1
                    : file == NULL ? -1
                                   : strcmp(want->name, file->name);

        if (order != 0) {
            return rotten(path, order < 0 ? want->name : file->name,
                          order < 0 ? "missing" : "not in the list");
        }
        if (want->bytes != file->bytes) {
            return rotten(path, want->name, "length differs");
        }
    }
    return ERROR_NONE;
}

static enum error sums_compare(const char *path,
                               const struct checkpoint *wanted,
                               const struct checkpoint *found)
{
    for (size_t i = 0; i < wanted->n; i++) {
        if (wanted->files[i].checksum != found->files[i].checksum) {
            return rotten(path, wanted->files[i].name, "checksum differs");
        }
    }
    return ERROR_NONE;
}

enum error checkpoint_check(const char *path,
                            const struct checkpoint *checkpoint,
                            uint64_t bytes_per_s)
{
    struct checkpoint found = {0};
    enum error error = names_list(path, &found);

    if (error == ERROR_NONE) {
        error = names_compare(path, checkpoint, &found);
    }
    if (error == ERROR_NONE) {
        error = sums_list(path, &found, bytes_per_s);
    }
    if (error == ERROR_NONE) {
        error = sums_compare(path, checkpoint, &found);
    }
    free(found.files);
    return error;
}

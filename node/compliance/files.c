#include "node/compliance/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/pen.h"
#include "node/compliance/shelf.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/tlog/hash.h"

enum { HEX_BYTES = 2 * MERKLE_HASH_BYTES, PATH_BYTES = HEX_BYTES + 16 };

struct file_store {
    struct shelf *shelf;
    struct buffer there; /* Of the name that is being put. */
};

struct file_store *file_store_new(const char *directory)
{
    struct file_store *files = calloc(1, sizeof(*files));

    CHECK(files != NULL);
    files->shelf = shelf_new(directory);
    return files;
}

void file_store_free(struct file_store *files)
{
    if (files != NULL) {
        shelf_free(files->shelf);
        buffer_deinit(&files->there);
        free(files);
    }
}

static void path_of(const struct merkle_hash *digest, char path[PATH_BYTES])
{
    char hex[HEX_BYTES + 1];

    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest->bytes[i]);
    }
    snprintf(path, PATH_BYTES, "files/%.2s/%s", hex, hex);
}

/* Whether the name has these bytes. What cannot be read is written anew. */
static bool is_there(struct file_store *files, const char *path,
                     struct slice bytes)
{
    enum error error =
        shelf_read(files->shelf, path, FILE_STORE_BYTES_MAX, &files->there);
    bool same =
        error == ERROR_NONE && slice_equal(buffer_slice(&files->there), bytes);

    if (error != ERROR_NOT_FOUND && !same) {
        journal_error("archive_file_damaged",
                      "path=%s error=%s action=\"written anew\"", path,
                      error_name(error));
    }
    buffer_deinit(&files->there); /* It may be large. */
    return same;
}

static enum error write_file(struct file_store *files, const char *path,
                             struct slice bytes)
{
    uint64_t free_bytes;

    TRY(shelf_free_bytes(files->shelf, &free_bytes));
    if (free_bytes < PEN_RESERVE_BYTES ||
        free_bytes - PEN_RESERVE_BYTES < bytes.len) {
        return ERROR_NO_SPACE;
    }
    TRY(shelf_put(files->shelf, path, bytes));
    return shelf_commit(files->shelf);
}

enum error file_store_put(struct file_store *files, struct slice bytes,
                          struct merkle_hash *digest_out)
{
    char path[PATH_BYTES];
    enum error error;

    if (bytes.len > FILE_STORE_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    hash_bytes(bytes, digest_out);
    path_of(digest_out, path);
    if (is_there(files, path, bytes)) {
        return ERROR_NONE;
    }
    error = write_file(files, path, bytes);
    if (error != ERROR_NONE) {
        shelf_reset(files->shelf);
    }
    return error;
}

enum error file_store_get(struct file_store *files,
                          const struct merkle_hash *digest, struct buffer *to)
{
    struct merkle_hash found;
    char path[PATH_BYTES];

    path_of(digest, path);
    TRY(shelf_read(files->shelf, path, FILE_STORE_BYTES_MAX, to));
    hash_bytes(buffer_slice(to), &found);
    if (!merkle_equal(&found, digest)) {
        journal_error("archive_file_damaged", "path=%s", path);
        return ERROR_ROTTEN;
    }
    return ERROR_NONE;
}

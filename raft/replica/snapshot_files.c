#include "raft/replica/snapshot_files.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/journal.h"

enum { PIECE_BYTES = 256 * 1024 };

/* A device's list goes by way of a callback that cannot fail. */
struct listing {
    const char *path;
    struct snapshot_manifest *manifest;
    enum error error; /* The first. */
};

static void list_file(void *context, const char *name, uint64_t bytes)
{
    struct listing *listing = context;
    struct snapshot_file file = {.bytes = bytes};

    if (listing->error != ERROR_NONE) {
        return;
    }
    if (snapshot_name_is_valid(name)) {
        memcpy(file.name, name, strlen(name));
        listing->error = snapshot_manifest_add(listing->manifest, &file);
    } else {
        listing->error = ERROR_INVALID;
    }
    if (listing->error != ERROR_NONE) {
        journal_error("snapshot_list_failed", "path=%s file=\"%.64s\" error=%s",
                      listing->path, name, error_name(listing->error));
    }
}

enum error snapshot_files_list(struct device *device,
                               struct snapshot_manifest *manifest)
{
    struct listing listing = {device_path(device), manifest, ERROR_NONE};

    TRY(device_list(device, list_file, &listing));
    return listing.error;
}

void snapshot_files_sum_begin(struct snapshot_sum *sum)
{
    *sum = (struct snapshot_sum){0};
}

static enum error sum_pieces(struct device_file *file, uint8_t *piece,
                             struct snapshot_sum *sum)
{
    uint64_t end = sum->offset + SNAPSHOT_FILES_STEP_BYTES;
    size_t got;

    while (!sum->ended && sum->offset < end) {
        TRY(device_file_read(file, sum->offset, piece, PIECE_BYTES, &got));
        sum->checksum = checksum64_extend(sum->checksum, piece, got);
        sum->offset += got;
        sum->ended = got < PIECE_BYTES;
    }
    return ERROR_NONE;
}

enum error snapshot_files_sum(struct device *device, const char *name,
                              struct snapshot_sum *sum)
{
    uint8_t *piece = malloc(PIECE_BYTES);
    struct device_file *file = NULL;
    enum error error = ERROR_NO_MEMORY;

    if (piece != NULL) {
        error = device_file_open(device, name, DEVICE_READ, &file);
    }
    if (error == ERROR_NONE) {
        error = sum_pieces(file, piece, sum);
        device_file_close(file);
    }
    free(piece);
    return error;
}

enum error snapshot_files_read(struct device *device, const char *name,
                               uint64_t offset, void *bytes, size_t len)
{
    struct device_file *file;
    enum error error;
    size_t got = 0;

    TRY(device_file_open(device, name, DEVICE_READ, &file));
    error = device_file_read(file, offset, bytes, len, &got);
    device_file_close(file);
    if (error == ERROR_NONE && got < len) {
        journal_error("snapshot_file_short",
                      "path=%s file=%s offset=%llu wanted=%zu got=%zu",
                      device_path(device), name, (unsigned long long)offset,
                      len, got);
        error = ERROR_ROTTEN;
    }
    return error;
}

/* Names to remove, gathered first: a directory is not changed while it is
 * listed. A name that is no snapshot file's is removed too. */
struct removal {
    const struct snapshot_manifest *keep;
    char **names;
    size_t n;
    bool no_memory;
};

static void gather(void *context, const char *name, uint64_t bytes)
{
    struct removal *removal = context;
    const struct snapshot_manifest *keep = removal->keep;
    char **names;

    (void)bytes;
    if (keep != NULL && snapshot_manifest_find(keep, name) < keep->n) {
        return;
    }
    names = reallocarray(removal->names, removal->n + 1, sizeof(*names));
    removal->no_memory |= names == NULL;
    if (names == NULL) {
        return;
    }
    removal->names = names;
    names[removal->n] = strdup(name);
    removal->no_memory |= names[removal->n] == NULL;
    removal->n += names[removal->n] != NULL;
}

static enum error remove_names(struct device *device, struct removal *removal)
{
    enum error error = removal->no_memory ? ERROR_NO_MEMORY : ERROR_NONE;

    for (size_t i = 0; i < removal->n; i++) {
        if (error == ERROR_NONE) {
            error = device_remove(device, removal->names[i]);
        }
        free(removal->names[i]);
    }
    free(removal->names);
    return error;
}

enum error snapshot_files_remove(struct device *device,
                                 const struct snapshot_manifest *keep)
{
    struct removal removal = {.keep = keep};
    enum error listed = device_list(device, gather, &removal);
    bool any = removal.n > 0;
    enum error error = remove_names(device, &removal);

    if (listed != ERROR_NONE) {
        return listed;
    }
    return error == ERROR_NONE && any ? device_sync(device) : error;
}

enum error snapshot_files_remove_all(const char *path)
{
    struct device *device;
    enum error error;

    TRY(device_open(path, &device));
    error = snapshot_files_remove(device, NULL);
    device_close(device);
    return error == ERROR_NONE ? device_remove_directory(path) : error;
}

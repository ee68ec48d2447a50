#include "tests/sim/kept_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_rot.h"

enum { PATH_BYTES = 128, FILES_MAX = 256 };

struct kept_file {
    char path[PATH_BYTES];
    size_t len;
    uint8_t *bytes; /* Owned; NULL: not read. */
};

struct kept_disk {
    char path[PATH_BYTES]; /* Ends with a slash. */
    size_t n;
    struct kept_file files[FILES_MAX];
};

static void list_file(void *context, const char *path, size_t bytes)
{
    struct kept_disk *kept = context;
    struct kept_file *file;

    if (strncmp(path, kept->path, strlen(kept->path)) != 0) {
        return;
    }
    CHECK(kept->n < FILES_MAX && strlen(path) < PATH_BYTES);
    file = &kept->files[kept->n++];
    snprintf(file->path, sizeof(file->path), "%s", path);
    file->len = bytes;
}

static struct kept_disk *list(struct disk *disk, const char *path)
{
    struct kept_disk *kept = calloc(1, sizeof(*kept));

    CHECK(kept != NULL);
    snprintf(kept->path, sizeof(kept->path), "%s/", path);
    disk_each(disk, list_file, kept);
    return kept;
}

struct kept_disk *kept_disk_take(struct disk *disk, const char *path)
{
    struct kept_disk *kept = list(disk, path);

    for (size_t i = 0; i < kept->n; i++) {
        struct kept_file *file = &kept->files[i];
        const uint8_t *bytes = disk_bytes(disk, file->path, &file->len);

        file->bytes = malloc(file->len + 1);
        CHECK(file->bytes != NULL);
        memcpy(file->bytes, bytes, file->len);
    }
    return kept;
}

void kept_disk_clear(struct disk *disk, const char *path)
{
    struct kept_disk *there = list(disk, path);

    for (size_t i = 0; i < there->n; i++) {
        CHECK(disk_delete(disk, there->files[i].path));
    }
    kept_disk_free(there);
}

void kept_disk_put_back(const struct kept_disk *kept, struct disk *disk)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%.*s", (int)strlen(kept->path) - 1,
             kept->path);
    kept_disk_clear(disk, path);
    for (size_t i = 0; i < kept->n; i++) {
        CHECK(disk_put(disk, kept->files[i].path, kept->files[i].bytes,
                       kept->files[i].len));
    }
}

void kept_disk_free(struct kept_disk *kept)
{
    if (kept == NULL) {
        return;
    }
    for (size_t i = 0; i < kept->n; i++) {
        free(kept->files[i].bytes);
    }
    free(kept);
}

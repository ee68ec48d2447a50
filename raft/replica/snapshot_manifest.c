#include "raft/replica/snapshot_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"

static const uint8_t magic[8] = {'p', 'e', 'r', 'c', 'h', 'S', 'M', '1'};

enum {
    HEAD_BYTES = sizeof(magic) + 8 + 8 + 4,
    FILE_BYTES = 8 + 8,                  /* Behind a name. */
    FILE_BYTES_MIN = 1 + 1 + FILE_BYTES, /* With the shortest name. */
    SUM_BYTES = 4,
};

bool snapshot_name_is_valid(const char *name)
{
    size_t bytes = strnlen(name, SNAPSHOT_NAME_BYTES_MAX);

    return bytes > 0 && bytes < SNAPSHOT_NAME_BYTES_MAX && name[0] != '.' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789.-_") == bytes;
}

struct snapshot_manifest *snapshot_manifest_new(uint64_t id, uint64_t index)
{
    struct snapshot_manifest *manifest = calloc(1, sizeof(*manifest));

    if (manifest != NULL) {
        manifest->id = id;
        manifest->index = index;
    }
    return manifest;
}

void snapshot_manifest_free(struct snapshot_manifest *manifest)
{
    if (manifest != NULL) {
        free(manifest->files);
        free(manifest);
    }
}

/* The place of the first name that is not before this one. */
static size_t place_of(const struct snapshot_manifest *manifest,
                       const char *name)
{
    size_t low = 0, high = manifest->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(manifest->files[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t snapshot_manifest_find(const struct snapshot_manifest *manifest,
                              const char *name)
{
    size_t at = place_of(manifest, name);

    return at < manifest->n && strcmp(manifest->files[at].name, name) == 0
               ? at
               : manifest->n;
}

uint64_t snapshot_manifest_bytes(const struct snapshot_manifest *manifest)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < manifest->n; i++) {
        bytes += manifest->files[i].bytes;
    }
    return bytes;
}

/* Room for one more, doubled now and then. */
static enum error grow(struct snapshot_manifest *manifest)
{
    size_t n = manifest->n;
    struct snapshot_file *files = manifest->files;

    if (n != 0 && (n & (n - 1)) != 0) {
        return ERROR_NONE;
    }
    files = reallocarray(files, n == 0 ? 1 : n * 2, sizeof(*files));
    if (files == NULL) {
        return ERROR_NO_MEMORY;
    }
    manifest->files = files;
    return ERROR_NONE;
}

enum error snapshot_manifest_add(struct snapshot_manifest *manifest,
                                 const struct snapshot_file *file)
{
    size_t at;

    if (!snapshot_name_is_valid(file->name)) {
        return ERROR_INVALID;
    }
    at = place_of(manifest, file->name);
    if (at < manifest->n && strcmp(manifest->files[at].name, file->name) == 0) {
        return ERROR_EXISTS;
    }
    if (manifest->n == SNAPSHOT_FILES_MAX ||
        file->bytes > SNAPSHOT_FILE_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    TRY(grow(manifest));
    memmove(&manifest->files[at + 1], &manifest->files[at],
            (manifest->n - at) * sizeof(*manifest->files));
    manifest->files[at] = *file;
    manifest->n++;
    return ERROR_NONE;
}

static void write_file(const struct snapshot_file *file, struct buffer *to)
{
    uint8_t length = (uint8_t)strlen(file->name);
    uint8_t rest[FILE_BYTES];

    put_le64(rest, file->bytes);
    put_le64(rest + 8, file->checksum);
    buffer_append(to, &length, 1);
    buffer_append(to, file->name, length);
    buffer_append(to, rest, sizeof(rest));
}

enum error snapshot_manifest_write(const struct snapshot_manifest *manifest,
                                   struct buffer *to)
{
    uint8_t head[HEAD_BYTES], sum[SUM_BYTES];
    size_t from = to->len;

    CHECK(manifest->n <= SNAPSHOT_FILES_MAX);
    memcpy(head, magic, sizeof(magic));
    put_le64(head + 8, manifest->id);
    put_le64(head + 16, manifest->index);
    put_le32(head + 24, (uint32_t)manifest->n);
    buffer_append(to, head, sizeof(head));
    for (size_t i = 0; i < manifest->n; i++) {
        write_file(&manifest->files[i], to);
    }
    if (buffer_failed(to)) {
        return ERROR_NO_MEMORY;
    }
    put_le32(sum, checksum_of(to->data + from, to->len - from));
    buffer_append(to, sum, sizeof(sum));
    return buffer_failed(to) ? ERROR_NO_MEMORY : ERROR_NONE;
}

/* Read one file from the front of rest. */
static enum error read_file(struct slice *rest, struct snapshot_file *file)
{
    size_t length = rest->len > 0 ? rest->data[0] : 0;

    if (length == 0 || length >= SNAPSHOT_NAME_BYTES_MAX ||
        rest->len < 1 + length + FILE_BYTES) {
        return ERROR_MALFORMED;
    }
    memset(file, 0, sizeof(*file));
    memcpy(file->name, rest->data + 1, length);
    file->bytes = get_le64(rest->data + 1 + length);
    file->checksum = get_le64(rest->data + 1 + length + 8);
    *rest = slice_after(*rest, 1 + length + FILE_BYTES);
    return strlen(file->name) == length ? ERROR_NONE : ERROR_MALFORMED;
}

static enum error read_files(struct slice rest, uint32_t n,
                             struct snapshot_manifest *manifest)
{
    struct snapshot_file file;

    for (uint32_t i = 0; i < n; i++) {
        TRY(read_file(&rest, &file));
        if (manifest->n > 0 &&
            strcmp(manifest->files[manifest->n - 1].name, file.name) >= 0) {
            return ERROR_MALFORMED;
        }
        if (!snapshot_name_is_valid(file.name)) {
            return ERROR_MALFORMED;
        }
        TRY(snapshot_manifest_add(manifest, &file));
    }
    return rest.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

/* What can be known of the bytes before any of them is believed. */
static enum error check_frame(struct slice bytes)
{
    uint32_t n;

    if (bytes.len < sizeof(magic) ||
        memcmp(bytes.data, magic, sizeof(magic)) != 0) {
        return ERROR_UNSUPPORTED;
    }
    if (bytes.len < HEAD_BYTES + SUM_BYTES ||
        get_le32(bytes.data + bytes.len - SUM_BYTES) !=
            checksum_of(bytes.data, bytes.len - SUM_BYTES)) {
        return ERROR_MALFORMED;
    }
    n = get_le32(bytes.data + 24);
    if (n > SNAPSHOT_FILES_MAX) {
        return ERROR_TOO_LARGE;
    }
    return n > (bytes.len - HEAD_BYTES - SUM_BYTES) / FILE_BYTES_MIN
               ? ERROR_MALFORMED
               : ERROR_NONE;
}

enum error snapshot_manifest_read(struct slice bytes,
                                  struct snapshot_manifest **manifest_out)
{
    struct snapshot_manifest *manifest;
    struct slice files;
    enum error error;

    TRY(check_frame(bytes));
    manifest = snapshot_manifest_new(get_le64(bytes.data + 8),
                                     get_le64(bytes.data + 16));
    if (manifest == NULL) {
        return ERROR_NO_MEMORY;
    }
    files =
        slice_of(bytes.data + HEAD_BYTES, bytes.len - HEAD_BYTES - SUM_BYTES);
    error = read_files(files, get_le32(bytes.data + 24), manifest);
    if (error != ERROR_NONE) {
        snapshot_manifest_free(manifest);
        return error;
    }
    *manifest_out = manifest; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

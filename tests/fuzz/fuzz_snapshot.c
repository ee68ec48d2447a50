/* Reads a snapshot's manifest from any bytes, and opens a copy of which those
 * bytes are the record. What is read is what would be written; what is called
 * whole has all its files; whatever lies there, a copy can be begun, and be
 * cleared away.
 *
 *   byte 0    MEND, WHOLE: put the checksum right; call the copy whole
 *   byte 1    how many bytes of the input's end the files get
 *   the rest  the manifest
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "raft/replica/snapshot_stage.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/quiet.h"

#define PATH "/fuzz/incoming"

enum { MEND = 1, WHOLE = 2, HEAD_BYTES = 2, STEPS_MAX = 40000, FILES_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state = *state * 6364136223846793005u + 1442695040888963407u;
}

static void put_file(const char *directory, const char *name,
                     struct slice bytes)
{
    struct device *device;
    struct device_file *file;

    CHECK(device_open(directory, &device) == ERROR_NONE);
    CHECK(device_file_open(device, name, DEVICE_WRITE | DEVICE_CREATE, &file) ==
          ERROR_NONE);
    CHECK(device_file_write(file, 0, bytes.data, bytes.len) == ERROR_NONE);
    device_file_close(file);
    device_close(device);
}

static void count_file(void *context, const char *name, uint64_t bytes)
{
    (void)name;
    (void)bytes;
    (*(size_t *)context)++;
}

static size_t files_in(const char *directory)
{
    struct device *device;
    size_t n = 0;

    CHECK(device_open(directory, &device) == ERROR_NONE);
    CHECK(device_list(device, count_file, &n) == ERROR_NONE);
    device_close(device);
    return n;
}

/* What is read has one encoding. NULL when it is refused. */
static struct snapshot_manifest *read_manifest(struct slice bytes)
{
    struct snapshot_manifest *manifest = NULL;
    struct buffer again = BUFFER_EMPTY;

    if (snapshot_manifest_read(bytes, &manifest) != ERROR_NONE) {
        return NULL;
    }
    CHECK(snapshot_manifest_write(manifest, &again) == ERROR_NONE);
    CHECK(slice_equal(buffer_slice(&again), bytes));
    CHECK(snapshot_manifest_bytes(manifest) <= INT64_MAX);
    buffer_deinit(&again);
    return manifest;
}

/* The first few of its files lie there, with bytes that may be right. */
static void put_files(const struct snapshot_manifest *manifest,
                      struct slice bytes)
{
    put_file(PATH "/files", "leftover", bytes);
    for (size_t i = 0; i < manifest->n && i < FILES_MAX; i++) {
        struct slice content = bytes;

        if (content.len > manifest->files[i].bytes) {
            content.len = manifest->files[i].bytes;
        }
        if (strcmp(manifest->files[i].name, "leftover") != 0) {
            put_file(PATH "/files", manifest->files[i].name, content);
        }
    }
}

static void step_on(struct snapshot_stage *stage,
                    const struct snapshot_manifest *manifest)
{
    struct snapshot_stage_step step = {.need = SNAPSHOT_STAGE_AGAIN};

    for (unsigned i = 0; step.need == SNAPSHOT_STAGE_AGAIN; i++) {
        enum error error = snapshot_stage_step(stage, &step);

        CHECK(i < STEPS_MAX);
        if (error == ERROR_ROTTEN) {
            return; /* No bytes at all that are to have another sum. */
        }
        CHECK(error == ERROR_NONE);
    }
    if (step.need == SNAPSHOT_STAGE_COPY) {
        CHECK(step.file < manifest->n);
        CHECK(step.offset < manifest->files[step.file].bytes);
    } else {
        CHECK(step.files_here == manifest->n);
        CHECK(files_in(PATH "/files") == manifest->n);
        CHECK(snapshot_stage_whole(stage).len > 0);
    }
}

static void try_copy(const struct snapshot_manifest *manifest,
                     struct slice bytes)
{
    struct snapshot_stage *stage;

    CHECK(snapshot_stage_open(PATH, &stage) == ERROR_NONE);
    if (manifest != NULL) {
        CHECK(files_in(PATH "/files") <= manifest->n);
        if (snapshot_stage_whole(stage).len > 0) {
            CHECK(slice_equal(snapshot_stage_whole(stage), bytes));
            CHECK(files_in(PATH "/files") == manifest->n);
        }
        if (snapshot_stage_begin(stage, bytes, 0) == ERROR_NONE) {
            step_on(stage, manifest);
        }
    } else {
        CHECK(snapshot_stage_whole(stage).len == 0);
        CHECK(files_in(PATH "/files") == 0);
    }
    CHECK(snapshot_stage_clear(stage) == ERROR_NONE);
    CHECK(files_in(PATH) == 0 && files_in(PATH "/files") == 0);
    snapshot_stage_close(stage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t random = 1;
    struct disk *disk;
    struct snapshot_manifest *manifest;
    struct slice bytes, files;
    uint8_t *copy;

    if (size < HEAD_BYTES) {
        return 0;
    }
    quiet_begin();
    disk = disk_new("/fuzz", draw, &random);
    copy = malloc(size);
    CHECK(disk != NULL && copy != NULL);
    memcpy(copy, data, size);
    bytes = slice_of(copy + HEAD_BYTES, size - HEAD_BYTES);
    if ((data[0] & MEND) != 0 && bytes.len > 4) {
        put_le32(copy + size - 4, checksum_of(bytes.data, bytes.len - 4));
    }
    files = slice_after(bytes, data[1] < bytes.len ? bytes.len - data[1] : 0);
    manifest = read_manifest(bytes);
    put_file(PATH, data[0] & WHOLE ? "whole" : "manifest", bytes);
    if (manifest != NULL) {
        put_files(manifest, files);
    }
    try_copy(manifest, bytes);
    snapshot_manifest_free(manifest);
    disk_free(disk);
    free(copy);
    return 0;
}

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/journal.h"
#include "proto/peer.h"
#include "raft/replica/snapshot_stage_inner.h"

void stage_close_file(struct snapshot_stage *stage)
{
    device_file_close(stage->file);
    stage->file = NULL;
}

void stage_close_directory(struct snapshot_stage *stage)
{
    stage_close_file(stage);
    device_close(stage->device);
    stage->device = NULL;
}

enum error stage_open_directory(struct snapshot_stage *stage)
{
    return stage->device != NULL
               ? ERROR_NONE
               : device_open(stage->directory, &stage->device);
}

void stage_forget(struct snapshot_stage *stage)
{
    snapshot_manifest_free(stage->manifest);
    stage->manifest = NULL;
    free(stage->files);
    stage->files = NULL;
    buffer_deinit(&stage->bytes);
    stage->judged = false;
    stage->whole = false;
    stage->at = 0;
    stage->sum.offset = 0;
}

enum error stage_remove_if_there(struct device *device, const char *name)
{
    enum error error = device_remove(device, name);

    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* --- The record --- */

enum error stage_write_record(struct snapshot_stage *stage)
{
    struct device_file *file;
    enum error error;

    TRY(stage_remove_if_there(stage->top, STAGE_RECORD_NEW));
    TRY(device_file_open(stage->top, STAGE_RECORD_NEW,
                         DEVICE_WRITE | DEVICE_CREATE, &file));
    error = device_file_write(file, 0, stage->bytes.data, stage->bytes.len);
    if (error == ERROR_NONE) {
        error = device_file_sync(file);
    }
    device_file_close(file);
    TRY(error);
    TRY(device_rename(stage->top, STAGE_RECORD_NEW, STAGE_RECORD_PARTIAL));
    return device_sync(stage->top);
}

/* The bytes of a record; none when there is no such file, or none that could
 * be a manifest. */
static enum error read_bytes(struct snapshot_stage *stage, const char *name)
{
    struct device_file *file;
    enum error error = device_file_open(stage->top, name, DEVICE_READ, &file);
    uint64_t bytes = 0;
    uint8_t *to;
    size_t got;

    if (error != ERROR_NONE) {
        return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
    }
    error = device_file_bytes(file, &bytes);
    if (error == ERROR_NONE && bytes <= PEER_MANIFEST_BYTES_MAX) {
        to = buffer_reserve(&stage->bytes, bytes);
        error = to == NULL ? ERROR_NO_MEMORY
                           : device_file_read(file, 0, to, bytes, &got);
        stage->bytes.len += error == ERROR_NONE ? got : 0;
    }
    device_file_close(file);
    return error;
}

enum error stage_take_manifest(struct snapshot_stage *stage)
{
    TRY(snapshot_manifest_read(buffer_slice(&stage->bytes), &stage->manifest));
    stage->files = calloc(stage->manifest->n + 1, sizeof(*stage->files));
    return stage->files != NULL ? ERROR_NONE : ERROR_NO_MEMORY;
}

/* Read a record that may be torn or none: then there is no copy. */
static enum error read_record(struct snapshot_stage *stage, const char *name)
{
    enum error error;

    stage_forget(stage);
    TRY(read_bytes(stage, name));
    if (stage->bytes.len == 0) {
        return ERROR_NONE;
    }
    error = stage_take_manifest(stage);
    if (error == ERROR_NO_MEMORY) {
        return error;
    }
    if (error != ERROR_NONE) {
        journal_warning("snapshot_record_bad", "path=%s name=%s error=%s",
                        stage->path, name, error_name(error));
        stage_forget(stage);
    }
    return ERROR_NONE;
}

/* --- What is there --- */

/* Take a file's length for what is here of it. */
static void note_length(void *context, const char *name, uint64_t bytes)
{
    struct snapshot_stage *stage = context;
    size_t at = snapshot_manifest_find(stage->manifest, name);

    if (at < stage->manifest->n) {
        stage->files[at].here = bytes;
    }
}

enum error stage_note_lengths(struct snapshot_stage *stage)
{
    for (size_t i = 0; i < stage->manifest->n; i++) {
        stage->files[i] = (struct stage_file){.state = FILE_LACKS};
    }
    return device_list(stage->device, note_length, stage);
}

static bool has_all_lengths(const struct snapshot_stage *stage)
{
    for (size_t i = 0; i < stage->manifest->n; i++) {
        if (stage->files[i].here != stage->manifest->files[i].bytes) {
            return false;
        }
    }
    return true;
}

/* What an earlier process called whole is, unless somebody took a file away. */
static enum error load_whole(struct snapshot_stage *stage)
{
    TRY(read_record(stage, STAGE_RECORD_WHOLE));
    if (stage->manifest == NULL) {
        return stage_remove_if_there(stage->top, STAGE_RECORD_WHOLE);
    }
    TRY(stage_note_lengths(stage));
    stage->whole = has_all_lengths(stage);
    if (!stage->whole) {
        journal_warning("snapshot_copy_incomplete", "path=%s", stage->path);
        TRY(device_rename(stage->top, STAGE_RECORD_WHOLE,
                          STAGE_RECORD_PARTIAL));
    }
    return ERROR_NONE;
}

static enum error load(struct snapshot_stage *stage)
{
    TRY(device_open(stage->path, &stage->top));
    TRY(stage_open_directory(stage));
    TRY(stage_remove_if_there(stage->top, STAGE_RECORD_NEW));
    TRY(load_whole(stage));
    if (!stage->whole) {
        TRY(read_record(stage, STAGE_RECORD_PARTIAL));
    }
    TRY(snapshot_files_remove(stage->device, stage->manifest));
    if (stage->manifest == NULL) {
        TRY(stage_remove_if_there(stage->top, STAGE_RECORD_PARTIAL));
    }
    if (stage->whole) {
        stage_close_directory(stage);
    }
    return ERROR_NONE;
}

enum error snapshot_stage_open(const char *path,
                               struct snapshot_stage **stage_out)
{
    struct snapshot_stage *stage = calloc(1, sizeof(*stage));
    enum error error = ERROR_TOO_LARGE;

    if (stage == NULL) {
        return ERROR_NO_MEMORY;
    }
    snprintf(stage->path, sizeof(stage->path), "%s", path);
    if (snprintf(stage->directory, sizeof(stage->directory), "%s/files", path) <
        (int)sizeof(stage->directory)) {
        error = load(stage);
    }
    if (error != ERROR_NONE) {
        snapshot_stage_close(stage);
        return error;
    }
    *stage_out = stage; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void snapshot_stage_close(struct snapshot_stage *stage)
{
    if (stage != NULL) {
        stage_close_directory(stage);
        device_close(stage->top);
        stage_forget(stage);
        free(stage);
    }
}

const char *snapshot_stage_directory(const struct snapshot_stage *stage)
{
    return stage->directory;
}

struct slice snapshot_stage_whole(const struct snapshot_stage *stage)
{
    return stage->whole ? buffer_slice(&stage->bytes) : SLICE_NONE;
}

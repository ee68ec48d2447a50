#include "raft/replica/snapshot_stage.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/snapshot_stage_inner.h"

/* --- To begin --- */

/* The place in a manifest of a file that it lists just like this; its n when
 * there is none. */
static size_t find_alike(const struct snapshot_manifest *manifest,
                         const struct snapshot_file *file)
{
    size_t at = snapshot_manifest_find(manifest, file->name);

    return at < manifest->n && manifest->files[at].bytes == file->bytes &&
                   manifest->files[at].checksum == file->checksum
               ? at
               : manifest->n;
}

/* Keep what both manifests list alike; remove all else. */
static enum error keep_common(struct snapshot_stage *stage,
                              const struct snapshot_manifest *old)
{
    struct snapshot_manifest *both = snapshot_manifest_new(0, 0);
    const struct snapshot_manifest *manifest = stage->manifest;
    enum error error = both == NULL ? ERROR_NO_MEMORY : ERROR_NONE;

    for (size_t i = 0; old != NULL && i < old->n && error == ERROR_NONE; i++) {
        if (find_alike(manifest, &old->files[i]) < manifest->n) {
            error = snapshot_manifest_add(both, &old->files[i]);
        }
    }
    if (error == ERROR_NONE) {
        error = snapshot_files_remove(stage->device, both);
    }
    snapshot_manifest_free(both);
    return error;
}

/* What a file was found to be by this process, in an earlier copy that lists it
 * alike. NULL when nothing is known. */
static const struct stage_file *known(const struct stage_past *past,
                                      const struct snapshot_file *wanted)
{
    size_t at;

    if (past->files == NULL || past->manifest == NULL) {
        return NULL;
    }
    at = find_alike(past->manifest, wanted);
    return at < past->manifest->n ? &past->files[at] : NULL;
}

/* Of a file in part, the last bytes may never have been synced: an earlier
 * process may have ended with the machine. */
static enum error judge_file(struct snapshot_stage *stage, size_t at,
                             const struct stage_past *past)
{
    struct stage_file *file = &stage->files[at];
    const struct snapshot_file *wanted = &stage->manifest->files[at];
    const struct stage_file *before = known(past, wanted);

    if (before != NULL && before->here == file->here) {
        file->state = before->state;
        return ERROR_NONE;
    }
    if (file->here == wanted->bytes && wanted->bytes > 0) {
        file->state = FILE_UNSURE;
        return ERROR_NONE;
    }
    if (file->here > wanted->bytes) {
        file->here = 0;
        return device_remove(stage->device, wanted->name);
    }
    file->here -= file->here < SNAPSHOT_STAGE_SYNC_BYTES
                      ? file->here
                      : SNAPSHOT_STAGE_SYNC_BYTES;
    return ERROR_NONE;
}

static enum error check_space(struct snapshot_stage *stage,
                              uint64_t free_bytes_min)
{
    uint64_t wanted = snapshot_manifest_bytes(stage->manifest), free_bytes;

    for (size_t i = 0; i < stage->manifest->n; i++) {
        wanted -= stage->files[i].here;
    }
    TRY(device_free_bytes(stage->device, &free_bytes));
    if (free_bytes < free_bytes_min || free_bytes - free_bytes_min < wanted) {
        journal_error("snapshot_does_not_fit",
                      "path=%s wanted_bytes=%llu free_bytes=%llu keep=%llu",
                      stage->path, (unsigned long long)wanted,
                      (unsigned long long)free_bytes,
                      (unsigned long long)free_bytes_min);
        return ERROR_NO_SPACE;
    }
    return ERROR_NONE;
}

/* First what only the old manifest lists goes, then the new record comes: a
 * crash in between leaves files that both list alike, or lack. */
static enum error begin(struct snapshot_stage *stage,
                        const struct stage_past *past, uint64_t free_bytes_min)
{
    TRY(stage_open_directory(stage));
    TRY(stage_remove_if_there(stage->top, STAGE_RECORD_WHOLE));
    TRY(keep_common(stage, past->manifest));
    TRY(stage_write_record(stage));
    TRY(stage_note_lengths(stage));
    for (size_t i = 0; i < stage->manifest->n; i++) {
        TRY(judge_file(stage, i, past));
    }
    stage->judged = true;
    return check_space(stage, free_bytes_min);
}

enum error snapshot_stage_begin(struct snapshot_stage *stage,
                                struct slice manifest, uint64_t free_bytes_min)
{
    struct stage_past past = {stage->manifest, stage->files};
    enum error error;

    if (!stage->judged) {
        free(past.files);
        past.files = NULL;
    }
    stage->manifest = NULL; /* Both are needed a little longer. */
    stage->files = NULL;
    stage_forget(stage);
    stage_close_file(stage);
    buffer_append_slice(&stage->bytes, manifest);
    error = buffer_failed(&stage->bytes) ? ERROR_NO_MEMORY
                                         : stage_take_manifest(stage);
    if (error == ERROR_NONE) {
        error = begin(stage, &past, free_bytes_min);
    }
    snapshot_manifest_free(past.manifest);
    free(past.files);
    return error;
}

/* --- Step by step --- */

/* A file that is not what it should be goes; it may come again. */
static enum error throw_away(struct snapshot_stage *stage)
{
    struct stage_file *file = &stage->files[stage->at];
    const struct snapshot_file *wanted = &stage->manifest->files[stage->at];

    journal_warning("snapshot_file_differs",
                    "path=%s file=%s copies=%u wanted=%016" PRIx64
                    " got=%016" PRIx64,
                    stage->path, wanted->name, file->copies, wanted->checksum,
                    stage->sum.checksum);
    stage->bad++;
    if (file->copies >= SNAPSHOT_STAGE_COPIES_MAX) {
        return ERROR_ROTTEN;
    }
    file->state = FILE_LACKS;
    file->here = 0;
    return device_remove(stage->device, wanted->name);
}

/* After an error nobody knows what of the file is on disk, and a later sync may
 * not tell: the system forgets what it could not write. */
static void spoil(struct snapshot_stage *stage)
{
    stage_close_file(stage);
    stage->judged = false;
    (void)device_remove(stage->device, stage->manifest->files[stage->at].name);
}

/* What an earlier process has left may not be synced, whole or not. */
static enum error sync_whole(struct snapshot_stage *stage)
{
    const char *name = stage->manifest->files[stage->at].name;
    struct device_file *file;
    enum error error;

    TRY(device_file_open(stage->device, name, DEVICE_WRITE, &file));
    error = device_file_sync(file);
    device_file_close(file);
    if (error != ERROR_NONE) {
        spoil(stage);
    }
    return error;
}

static enum error compare(struct snapshot_stage *stage)
{
    struct stage_file *file = &stage->files[stage->at];
    const struct snapshot_file *wanted = &stage->manifest->files[stage->at];

    if (stage->sum.offset == 0) {
        snapshot_files_sum_begin(&stage->sum);
        TRY(sync_whole(stage));
    }
    TRY(snapshot_files_sum(stage->device, wanted->name, &stage->sum));
    if (!stage->sum.ended) {
        return ERROR_NONE;
    }
    if (stage->sum.offset == wanted->bytes &&
        stage->sum.checksum == wanted->checksum) {
        file->state = FILE_IS_WHOLE;
    } else {
        TRY(throw_away(stage));
    }
    stage->sum.offset = 0;
    return ERROR_NONE;
}

/* Make it as long as what is known to be right of it. */
static enum error open_to_write(struct snapshot_stage *stage)
{
    struct stage_file *file = &stage->files[stage->at];
    const char *name = stage->manifest->files[stage->at].name;
    enum error error =
        device_file_open(stage->device, name, DEVICE_WRITE, &stage->file);

    if (error == ERROR_NOT_FOUND) {
        file->here = 0;
        TRY(device_file_open(stage->device, name, DEVICE_WRITE | DEVICE_CREATE,
                             &stage->file));
        error = device_sync(stage->device);
    }
    TRY(error);
    TRY(device_file_cut(stage->file, file->here));
    file->copies++;
    stage->synced = file->here;
    return ERROR_NONE;
}

/* The next file that is not whole, in a circle. */
static bool find_next(struct snapshot_stage *stage)
{
    for (size_t i = 0; i < stage->manifest->n; i++) {
        if (stage->files[stage->at].state != FILE_IS_WHOLE) {
            return true;
        }
        stage->at = (stage->at + 1) % stage->manifest->n;
    }
    return false;
}

/* Whoever is handed the directory may move it: it is let go of. */
static enum error finish(struct snapshot_stage *stage)
{
    TRY(stage_open_directory(stage));
    TRY(device_sync(stage->device));
    TRY(device_rename(stage->top, STAGE_RECORD_PARTIAL, STAGE_RECORD_WHOLE));
    TRY(device_sync(stage->top));
    stage_close_directory(stage);
    stage->whole = true;
    return ERROR_NONE;
}

static enum error do_step(struct snapshot_stage *stage,
                          enum snapshot_stage_need *need_out)
{
    *need_out = SNAPSHOT_STAGE_AGAIN;
    if (stage->whole || !find_next(stage)) {
        *need_out = SNAPSHOT_STAGE_WHOLE;
        return stage->whole ? ERROR_NONE : finish(stage);
    }
    if (stage->files[stage->at].state == FILE_UNSURE) {
        return compare(stage);
    }
    TRY(open_to_write(stage));
    if (stage->manifest->files[stage->at].bytes == 0) {
        stage_close_file(stage);
        stage->files[stage->at].state = FILE_UNSURE;
        return ERROR_NONE;
    }
    *need_out = SNAPSHOT_STAGE_COPY;
    return ERROR_NONE;
}

static void count(const struct snapshot_stage *stage,
                  struct snapshot_stage_step *step)
{
    step->bytes_here = 0;
    step->files_here = 0;
    for (size_t i = 0; i < stage->manifest->n; i++) {
        step->bytes_here += stage->files[i].here;
        step->files_here +=
            stage->whole || stage->files[i].state == FILE_IS_WHOLE;
    }
    step->bad = stage->bad;
}

enum error snapshot_stage_step(struct snapshot_stage *stage,
                               struct snapshot_stage_step *step_out)
{
    enum error error;

    CHECK(stage->manifest != NULL);
    error = do_step(stage, &step_out->need);
    if (step_out->need == SNAPSHOT_STAGE_COPY) {
        step_out->file = (uint32_t)stage->at;
        step_out->offset = stage->files[stage->at].here;
    }
    count(stage, step_out);
    return error;
}

static enum error write_on(struct snapshot_stage *stage, uint64_t offset,
                           const void *bytes, size_t len)
{
    struct stage_file *file = &stage->files[stage->at];

    if (offset + len - stage->synced > SNAPSHOT_STAGE_SYNC_BYTES) {
        TRY(device_file_sync(stage->file));
        stage->synced = offset;
    }
    TRY(device_file_write(stage->file, offset, bytes, len));
    file->here += len;
    if (file->here == stage->manifest->files[stage->at].bytes) {
        TRY(device_file_sync(stage->file));
        stage_close_file(stage);
        file->state = FILE_UNSURE;
    }
    return ERROR_NONE;
}

enum error snapshot_stage_write(struct snapshot_stage *stage, uint64_t offset,
                                const void *bytes, size_t len)
{
    enum error error;

    CHECK(stage->file != NULL && stage->files[stage->at].here == offset);
    CHECK(len <= stage->manifest->files[stage->at].bytes - offset);
    error = write_on(stage, offset, bytes, len);
    if (error != ERROR_NONE) {
        spoil(stage);
    }
    return error;
}

/* --- To end --- */

/* The record first: files without one are leftovers. */
enum error snapshot_stage_clear(struct snapshot_stage *stage)
{
    stage_close_directory(stage);
    stage_forget(stage);
    TRY(stage_remove_if_there(stage->top, STAGE_RECORD_WHOLE));
    TRY(stage_remove_if_there(stage->top, STAGE_RECORD_PARTIAL));
    TRY(device_sync(stage->top));
    return snapshot_files_remove_all(stage->directory);
}

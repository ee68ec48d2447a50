#include "node/apply_work.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/applier.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "storage/checkpoint.h"
#include "storage/files.h"

struct flush {
    struct job job; /* First: the job is the flush. */
    struct applier *applier;
    uint64_t index;
    enum error error;
};

struct copy {
    struct job job; /* First. */
    struct applier *applier;
    uint64_t id;
    uint64_t index; /* Of the state that was copied. */
    enum error error;
    char directory[FILES_PATH_BYTES_MAX];
};

struct restore {
    struct job job; /* First. */
    struct applier *applier;
    uint64_t log_index;
    enum error error;
    struct loaded loaded; /* The new ones. */
    char directory[FILES_PATH_BYTES_MAX];
};

static void flush_run(struct job *job)
{
    struct flush *flush = (struct flush *)job;

    flush->error = store_flush(flush->applier->store, flush->index);
}

static void flush_done(struct job *job)
{
    struct flush *flush = (struct flush *)job;
    struct applier *applier = flush->applier;
    uint64_t flushed = store_flushed(applier->store);

    if (flush->error != ERROR_NONE) {
        applier_fail(applier, flush->error, "the store cannot flush");
    } else if (!applier->stopped) {
        meter_set(&applier->meters.flushed_index, (int64_t)flushed);
        replica_flushed(applier->replica, flushed);
    }
    free(flush);
}

void applier_flush(struct applier *applier, uint64_t log_index)
{
    struct flush *flush;

    if (applier->stopped) {
        return;
    }
    flush = calloc(1, sizeof(*flush));
    CHECK(flush != NULL);
    flush->job = (struct job){.run = flush_run, .done = flush_done};
    flush->applier = applier;
    flush->index = log_index;
    worker_submit(applier->worker, &flush->job);
}

/* A checkpoint is made where nothing is yet. */
static enum error copy_to(struct store *store, const char *directory,
                          uint64_t *index_out)
{
    enum error error = files_remove(directory);

    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(store_checkpoint(store, directory, index_out));
    /* Rot would travel on as if it were right: its sums are of these bytes. */
    return checkpoint_verify(directory);
}

static void copy_run(struct job *job)
{
    struct copy *copy = (struct copy *)job;

    copy->error = copy_to(copy->applier->store, copy->directory, &copy->index);
}

static void copy_done(struct job *job)
{
    struct copy *copy = (struct copy *)job;
    struct applier *applier = copy->applier;

    if (copy->error != ERROR_NONE) {
        journal_error("checkpoint_failed", "path=%s error=%s", copy->directory,
                      error_name(copy->error));
    }
    if (copy->error == ERROR_ROTTEN) {
        applier_fail(applier, ERROR_ROTTEN, "a copy of the store is rotten");
    }
    if (!applier->stopped) {
        replica_checkpoint_made(applier->replica, copy->id, copy->error,
                                copy->index);
    }
    free(copy);
}

void applier_checkpoint(struct applier *applier, uint64_t id,
                        const char *directory)
{
    struct copy *copy;

    if (applier->stopped) {
        return;
    }
    CHECK(strlen(directory) < FILES_PATH_BYTES_MAX);
    copy = calloc(1, sizeof(*copy));
    CHECK(copy != NULL);
    copy->job = (struct job){.run = copy_run, .done = copy_done};
    copy->applier = applier;
    copy->id = id;
    strcpy(copy->directory, directory);
    worker_submit(applier->worker, &copy->job);
}

/* The directory becomes ready before ours is let go: whatever step a crash
 * falls into, one whole state is there. */
static enum error switch_stores(struct restore *restore)
{
    struct applier *applier = restore->applier;
    uint64_t applied = applier->applied_index;

    TRY(generation_adopt(applier->generation, restore->directory,
                         restore->log_index));
    store_abandon(applier->store);
    applier->store = NULL;
    TRY(generation_install(applier->generation, applied));
    TRY(applier_load(applier, &restore->loaded));
    return generation_sweep(applier->generation, applied);
}

static void restore_run(struct job *job)
{
    struct restore *restore = (struct restore *)job;

    restore->error = switch_stores(restore);
}

static void take_restored(struct applier *applier, struct restore *restore)
{
    struct machine *before = applier->machine;

    applier_adopt(applier, &restore->loaded);
    journal_notice("state_restored",
                   "applied=%" PRIu64 " log_index=%" PRIu64 " path=%s",
                   applier->applied_index, restore->log_index,
                   generation_path(applier->generation));
    applier->events.restored(applier->events.context, applier->applied_index);
    machine_free(before);
    replica_restored(applier->replica, applier->applied_index);
}

static void restore_done(struct job *job)
{
    struct restore *restore = (struct restore *)job;
    struct applier *applier = restore->applier;

    if (restore->error == ERROR_NONE &&
        store_applied(restore->loaded.store) < restore->log_index) {
        restore->error = ERROR_ROTTEN;
    }
    if (restore->error == ERROR_NONE && !applier->stopped) {
        take_restored(applier, restore);
    } else {
        applier_drop(&restore->loaded);
        applier_fail(applier, restore->error, "a snapshot cannot be restored");
    }
    free(restore);
}

void applier_restore(struct applier *applier, const char *directory,
                     uint64_t log_index)
{
    struct restore *restore;

    if (applier->stopped) {
        return;
    }
    if (log_index <= applier->applied_index) {
        replica_restored(applier->replica, applier->applied_index);
        return;
    }
    CHECK(strlen(directory) < FILES_PATH_BYTES_MAX);
    CHECK(applier->restore == NULL);
    restore = calloc(1, sizeof(*restore));
    CHECK(restore != NULL);
    restore->job = (struct job){.run = restore_run, .done = restore_done};
    restore->applier = applier;
    restore->log_index = log_index;
    strcpy(restore->directory, directory);
    applier->restore = restore;
    applier->events.release(applier->events.context);
}

void applier_released(struct applier *applier)
{
    struct restore *restore = applier->restore;

    CHECK(restore != NULL);
    applier->restore = NULL;
    worker_submit(applier->worker, &restore->job);
}

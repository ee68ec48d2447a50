#include "storage/generation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/journal.h"
#include "storage/current.h"
#include "storage/files.h"
#include "storage/store.h"

static const struct generation_name name_none = {0, 0};

struct generation {
    struct generation_options options;
    struct generation_name current;
    struct generation_name ready;
    char store[FILES_PATH_BYTES_MAX];
    char path[FILES_PATH_BYTES_MAX]; /* Of the current store. */
};

static enum error name_path(const struct generation *generation,
                            struct generation_name name,
                            char path[FILES_PATH_BYTES_MAX])
{
    char text[GENERATION_NAME_BYTES_MAX];

    generation_name_write(text, name);
    return files_path(path, generation->store, text);
}

/* What a walk over store/ finds. */
struct survey {
    struct generation_name current; /* Looked for. */
    struct generation_name highest;
    bool current_exists;
    bool empty;
};

static enum error survey_entry(void *context, const struct files_entry *entry)
{
    struct survey *survey = context;
    struct generation_name name;

    /* Written before the first CURRENT ever is: proves nothing. */
    if (strcmp(entry->name, "CURRENT.new") == 0) {
        return ERROR_NONE;
    }
    survey->empty = false;
    if (!entry->is_directory || !generation_name_read(entry->name, &name)) {
        return ERROR_NONE;
    }
    if (name.number == survey->current.number &&
        name.index == survey->current.index) {
        survey->current_exists = true;
    }
    if (name.number > survey->highest.number) {
        survey->highest = name;
    }
    return ERROR_NONE;
}

static bool sweep_keeps(const struct generation *generation, const char *name)
{
    char current[GENERATION_NAME_BYTES_MAX], ready[GENERATION_NAME_BYTES_MAX];

    generation_name_write(current, generation->current);
    generation_name_write(ready, generation->ready);
    return strcmp(name, "CURRENT") == 0 || strcmp(name, current) == 0 ||
           strcmp(name, ready) == 0;
}

static enum error sweep_entry(void *context, const struct files_entry *entry)
{
    struct generation *generation = context;
    char path[FILES_PATH_BYTES_MAX];

    if (sweep_keeps(generation, entry->name)) {
        return ERROR_NONE;
    }
    TRY(files_path(path, generation->store, entry->name));
    journal_info("leftover_removed", "path=%s", path);
    TRY(files_remove(path));
    generation_step(&generation->options, GENERATION_SWEEPING);
    return ERROR_NONE;
}

static enum error sweep_store(struct generation *generation)
{
    TRY(files_list(generation->store, sweep_entry, generation));
    return files_sync(generation->store);
}

enum error generation_sweep(struct generation *generation, uint64_t applied)
{
    if (generation->ready.index <= applied) {
        generation->ready = name_none;
    }
    TRY(sweep_store(generation));
    generation_step(&generation->options, GENERATION_SWEPT);
    return ERROR_NONE;
}

/* Make the first generation. Whatever an earlier try left is dropped: CURRENT
 * says that nothing was ever committed. */
static enum error found(struct generation *generation)
{
    struct generation_name first = {1, 0};
    char path[FILES_PATH_BYTES_MAX];

    TRY(current_write(generation->store, name_none, &generation->options));
    TRY(sweep_store(generation));
    TRY(name_path(generation, first, path));
    TRY(store_format(path));
    TRY(files_sync(generation->store));
    generation_step(&generation->options, GENERATION_FORMATTED);
    TRY(current_write(generation->store, first, &generation->options));
    journal_notice("store_founded", "path=%s", path);
    return ERROR_NONE;
}

static enum error directory_make(struct generation *generation,
                                 const char *data)
{
    TRY(files_path(generation->store, data, "store"));
    TRY(files_make_directory(generation->store));
    return files_sync(data);
}

/* Read CURRENT, found when there is nothing at all, and look what is ready. */
static enum error current_find(struct generation *generation)
{
    struct survey survey = {.empty = true};
    enum error error = current_read(generation->store, &survey.current);

    if (error != ERROR_NONE && error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(files_list(generation->store, survey_entry, &survey));
    if (error == ERROR_NOT_FOUND && !survey.empty) {
        return current_rotten(generation->store, "missing");
    }
    if (survey.current.number == 0) {
        TRY(found(generation));
        survey.current = (struct generation_name){1, 0};
        survey.highest = survey.current;
        survey.current_exists = true;
    }
    if (!survey.current_exists) {
        return current_rotten(generation->store,
                              "names a directory that is missing");
    }
    generation->current = survey.current;
    if (survey.highest.number > survey.current.number) {
        generation->ready = survey.highest;
    }
    return name_path(generation, generation->current, generation->path);
}

enum error generation_open(const char *data,
                           const struct generation_options *options,
                           struct generation **generation_out)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    enum error error = ERROR_NO_MEMORY;

    if (generation == NULL) {
        goto out;
    }
    if (options != NULL) {
        generation->options = *options;
    }
    error = directory_make(generation, data);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = current_find(generation);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = generation_sweep(generation, generation->current.index);
    if (error != ERROR_NONE) {
        goto out;
    }
    *generation_out = generation; /* Ownership passes to the caller. */
    generation = NULL;
out:
    generation_close(generation);
    return error;
}

void generation_close(struct generation *generation)
{
    free(generation);
}

const char *generation_path(const struct generation *generation)
{
    return generation->path;
}

bool generation_ready(const struct generation *generation, uint64_t *index_out)
{
    if (generation->ready.number == 0) {
        return false;
    }
    *index_out = generation->ready.index;
    return true;
}

enum error generation_reconcile(const struct generation *generation,
                                uint64_t applied, uint64_t snapshot_index,
                                uint64_t log_last_index, bool *install_out)
{
    bool install =
        snapshot_index > applied && generation->ready.index >= snapshot_index;
    uint64_t reached = install ? generation->ready.index : applied;
    /* A snapshot's rows may be ahead of its index in raft's log, and so of
     * the log, until the log has come that far. */
    uint64_t began =
        install ? generation->ready.index : generation->current.index;

    *install_out = install;
    if (reached >= snapshot_index &&
        (reached <= log_last_index || reached <= began)) {
        return ERROR_NONE;
    }
    journal_error("store_and_log_differ",
                  "path=%s applied=%" PRIu64 " ready=%" PRIu64
                  " log_snapshot=%" PRIu64 " log_last=%" PRIu64,
                  generation->path, applied, generation->ready.index,
                  snapshot_index, log_last_index);
    return ERROR_FORGOTTEN;
}

/* Raft may already rely on the ready one. */
static enum error refuse_older(const struct generation *generation,
                               uint64_t index)
{
    if (index >= generation->ready.index) {
        return ERROR_NONE;
    }
    journal_error("snapshot_refused",
                  "path=%s ready=%" PRIu64 " received=%" PRIu64,
                  generation->store, generation->ready.index, index);
    return ERROR_FORGOTTEN;
}

enum error generation_adopt(struct generation *generation,
                            const char *directory, uint64_t index)
{
    struct generation_name older = generation->ready;
    struct generation_name name = {generation->current.number + 1, index};
    char path[FILES_PATH_BYTES_MAX];

    TRY(refuse_older(generation, index));
    if (older.number != 0) {
        name.number = older.number + 1;
    }
    TRY(name_path(generation, name, path));
    TRY(files_rename(directory, path));
    generation_step(&generation->options, GENERATION_ADOPT_RENAMED);
    TRY(files_sync(generation->store));
    generation->ready = name;
    generation_step(&generation->options, GENERATION_ADOPTED);
    journal_notice("snapshot_ready", "path=%s", path);
    if (older.number == 0) {
        return ERROR_NONE;
    }
    TRY(name_path(generation, older, path));
    return files_remove(path);
}

enum error generation_install(struct generation *generation, uint64_t applied)
{
    char path[FILES_PATH_BYTES_MAX];

    if (generation->ready.number == 0) {
        return ERROR_NOT_FOUND;
    }
    if (generation->ready.index < applied) {
        journal_error("snapshot_refused",
                      "path=%s applied=%" PRIu64 " ready=%" PRIu64,
                      generation->path, applied, generation->ready.index);
        return ERROR_FORGOTTEN;
    }
    TRY(name_path(generation, generation->ready, path));
    TRY(current_write(generation->store, generation->ready,
                      &generation->options));
    memcpy(generation->path, path, sizeof(path));
    generation->current = generation->ready;
    generation->ready = name_none;
    journal_notice("snapshot_installed", "path=%s from=%" PRIu64,
                   generation->path, applied);
    return ERROR_NONE;
}

#include "node/apply.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/applier.h"
#include "node/chat/rows.h"
#include "node/session/facts.h"
#include "node/state_rows.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/entry.h"

enum { ENTRY_ARENA_BYTES = 4096 };

void applier_fail(struct applier *applier, enum error error, const char *reason)
{
    if (applier->stopped) {
        return;
    }
    applier->stopped = true;
    journal_error("apply_stopped", "applied=%" PRIu64 " error=%s reason=\"%s\"",
                  applier->applied_index, error_name(error), reason);
    applier->events.fatal(applier->events.context, error, reason);
}

void applier_drop(struct loaded *loaded)
{
    store_abandon(loaded->store);
    machine_free(loaded->machine);
    record_rows_deinit(&loaded->records);
    *loaded = (struct loaded){0};
}

enum error applier_load(struct applier *applier, struct loaded *loaded_out)
{
    struct loaded loaded = {0};
    enum error error;

    record_rows_init(&loaded.records);
    error = store_open(generation_path(applier->generation),
                       applier->settings.store, &loaded.store);
    if (error == ERROR_NONE) {
        error = state_rows_load(loaded.store, applier->settings.rules_known,
                                &loaded.machine, &loaded.digest);
    }
    if (error == ERROR_NONE) {
        error = record_rows_load(&loaded.records, loaded.store, loaded.machine);
    }
    if (error != ERROR_NONE) {
        applier_drop(&loaded);
        return error;
    }
    *loaded_out = loaded;
    return ERROR_NONE;
}

void applier_adopt(struct applier *applier, const struct loaded *loaded)
{
    applier->store = loaded->store;
    applier->machine = loaded->machine;
    record_rows_deinit(&applier->records);
    applier->records = loaded->records;
    applier->applied_index = store_applied(loaded->store);
    digest_init(&applier->digest, applier->applied_index, loaded->digest);
    meter_set(&applier->meters.applied_index, (int64_t)applier->applied_index);
    meter_set(&applier->meters.flushed_index,
              (int64_t)store_flushed(loaded->store));
}

static enum error load_first(struct applier *applier)
{
    struct loaded loaded;

    TRY(applier_load(applier, &loaded));
    applier_adopt(applier, &loaded);
    journal_notice("state_loaded", "applied=%" PRIu64 " path=%s",
                   applier->applied_index,
                   generation_path(applier->generation));
    return ERROR_NONE;
}

static struct applier *applier_new(const struct applier_settings *settings,
                                   const struct applier_events *events)
{
    struct applier *applier = calloc(1, sizeof(*applier));

    CHECK(applier != NULL);
    applier->settings = *settings;
    applier->events = *events;
    effects_init(&applier->effects);
    meter_histogram_init(&applier->meters.commit_us, &meter_seconds);
    applier->batch = batch_new();
    applier->arena = arena_new(ENTRY_ARENA_BYTES);
    applier->worker = worker_new(settings->loop, "store");
    CHECK(applier->batch != NULL && applier->arena != NULL);
    CHECK(applier->worker != NULL);
    return applier;
}

/* The store is closed; what else there is goes. */
static void applier_free(struct applier *applier)
{
    worker_free(applier->worker);
    free(applier->restore);
    generation_close(applier->generation);
    machine_free(applier->machine);
    effects_deinit(&applier->effects);
    buffer_deinit(&applier->scratch);
    record_rows_deinit(&applier->records);
    arena_free(applier->arena);
    batch_free(applier->batch);
    free(applier);
}

enum error applier_open(struct applier **applier_out,
                        const struct applier_settings *settings,
                        const struct applier_events *events)
{
    struct applier *applier = applier_new(settings, events);
    enum error error = generation_open(settings->data, settings->generation,
                                       &applier->generation);

    if (error == ERROR_NONE) {
        error = load_first(applier);
    }
    if (error != ERROR_NONE) {
        journal_error("state_not_loaded", "data=%s error=%s", settings->data,
                      error_name(error));
        applier_free(applier);
        return error;
    }
    *applier_out = applier; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

/* Jobs at hand may hold the store: they end first. */
static void finish_jobs(struct applier *applier)
{
    applier->stopped = true;
    worker_free(applier->worker);
    applier->worker = NULL;
}

void applier_close(struct applier *applier)
{
    enum error error;

    if (applier == NULL) {
        return;
    }
    finish_jobs(applier);
    error = store_close(applier->store);
    if (error != ERROR_NONE) {
        journal_error("store_not_flushed", "error=%s", error_name(error));
    }
    applier_free(applier);
}

void applier_abandon(struct applier *applier)
{
    if (applier != NULL) {
        finish_jobs(applier);
        store_abandon(applier->store);
        applier_free(applier);
    }
}

enum error applier_reconcile(struct applier *applier, uint64_t snapshot_index,
                             uint64_t log_last_index)
{
    bool install = false;

    TRY(generation_reconcile(applier->generation, applier->applied_index,
                             snapshot_index, log_last_index, &install));
    if (install) {
        store_abandon(applier->store);
        machine_free(applier->machine);
        applier->store = NULL;
        applier->machine = NULL;
        TRY(generation_install(applier->generation, applier->applied_index));
        TRY(load_first(applier));
    }
    return generation_sweep(applier->generation, UINT64_MAX);
}

void applier_attach(struct applier *applier, struct replica *replica)
{
    applier->replica = replica;
}

static void put_imported(struct applier *applier)
{
    const struct effects *effects = &applier->effects;
    struct message message;

    for (size_t i = 0; i < effects->imported.import->n_messages; i++) {
        effects_imported(effects, i, &message);
        state_rows_put_message(applier->batch, &message, &applier->scratch);
    }
}

static void put_brought(struct applier *applier)
{
    const struct brought_rows *brought = &applier->effects.brought;

    for (size_t i = 0; i < brought->n; i++) {
        state_rows_put_brought(applier->batch, &applier->effects, i);
    }
}

/* The rows of messages that the entry brought about. */
static bool put_messages(struct applier *applier)
{
    const struct effects *effects = &applier->effects;
    enum error error;

    if (effects->has_message) {
        state_rows_put_message(applier->batch, &effects->message,
                               &applier->scratch);
    }
    if (effects->imported.import != NULL) {
        put_imported(applier);
    }
    put_brought(applier);
    if (effects->revised.kind != REVISION_NONE) {
        state_rows_put_revisions(applier->batch, effects, &applier->scratch);
    }
    if (effects->purged_room == 0) {
        return true;
    }
    error = state_rows_purge(applier->store, applier->batch, effects);
    if (error != ERROR_NONE) {
        applier_fail(applier, error, "what is to be erased cannot be read");
    }
    return error == ERROR_NONE;
}

/* The rows of records. Those of another origin begin anew. */
static bool put_records(struct applier *applier)
{
    const struct effects *effects = &applier->effects;
    enum error error = ERROR_NONE;

    if (effects->records.n > 0 && effects->records.csn == 0 &&
        applier->records.next > 0) {
        error = record_rows_restart(&applier->records, applier->batch,
                                    applier->store);
    }
    if (error != ERROR_NONE) {
        applier_fail(applier, error, "records cannot be read");
        return false;
    }
    record_rows_add(&applier->records, applier->batch, effects);
    return true;
}

/* What came of one entry, before anything of it is in the store. */
static void take_effects(struct applier *applier,
                         const struct applied_entry *entry,
                         const struct applied *applied, struct slice bytes)
{
    const struct effects *effects = &applier->effects;

    if (!put_messages(applier)) {
        return;
    }
    if (!put_records(applier)) {
        return;
    }
    digest_add(&applier->digest, entry->index, bytes, *applied,
               effects->n_events);
    applier->events.entry(applier->events.context, entry, applied, effects);
}

/* Bytes that are no entry were committed all the same: every node passes over
 * them alike. A format of a later program is another matter. */
static enum error read_entry(const struct replica_entry *from,
                             struct entry *entry_out)
{
    enum error error = entry_read(from->bytes, entry_out);

    if (error != ERROR_NONE && error != ERROR_UNSUPPORTED) {
        journal_error("entry_malformed", "log_index=%" PRIu64 " error=%s",
                      from->index, error_name(error));
    }
    return error;
}

/* A command that names messages is decided by what the store says of them: all
 * before it is committed first, so that however entries are batched it says the
 * same. So it is before one that begins the archive anew: its rows go. */
static bool waits(const struct applier *applier, const Perch__Command *command)
{
    return command != NULL && applier->entries > 0 &&
           (message_is_wanted(command) ||
            command->kind_case == PERCH__COMMAND__KIND_ARCHIVE_REOPEN);
}

static void apply_command(struct applier *applier, struct applied_entry *entry,
                          const Perch__Command *command, struct slice bytes)
{
    struct facts facts;
    struct applied applied;
    enum error error;

    if (command != NULL && message_is_wanted(command)) {
        error = facts_read(applier->store, applier->machine, command,
                           applier->arena, &facts);
        if (error != ERROR_NONE) {
            applier_fail(applier, error, "a message cannot be looked up");
            return;
        }
        entry->facts = &facts;
    }
    applied =
        machine_apply(applier->machine, entry, command, &applier->effects);
    if (applied.outcome == OUTCOME_STOP_NODE) {
        applier_fail(applier, ERROR_UNSUPPORTED, outcome_text(applied.outcome));
        return;
    }
    take_effects(applier, entry, &applied, bytes);
}

/* Returns false, with nothing done, for one that waits until those before it
 * are committed. */
static bool apply_entry(struct applier *applier,
                        const struct replica_entry *from)
{
    Perch__Command *command = NULL;
    struct entry entry;
    enum error error = read_entry(from, &entry);

    if (error == ERROR_UNSUPPORTED) {
        applier_fail(applier, error, "an entry of a later program");
        return true;
    }
    if (error != ERROR_NONE) {
        return true;
    }
    arena_reset(applier->arena);
    if (command_read(applier->arena, entry.command, &command) ==
        ERROR_NO_MEMORY) {
        applier_fail(applier, ERROR_NO_MEMORY, "reading a command");
        return true;
    }
    if (waits(applier, command)) {
        return false;
    }
    apply_command(applier,
                  &(struct applied_entry){
                      .index = from->index,
                      .term = from->term,
                      .node = entry.origin_node,
                      .epoch = entry.origin_epoch,
                      .number = entry.number,
                      .sent_at_us = entry.sent_at_us,
                      .bytes = entry.command,
                  },
                  command, from->bytes);
    return true;
}

/* Apply what one batch takes. Returns how many entries that was. */
static size_t fill_batch(struct applier *applier,
                         const struct replica_entry *entries, size_t n)
{
    size_t bytes = 0, i;

    applier->entries = 0;
    for (i = 0; i < n && i < APPLY_BATCH_ENTRIES_MAX &&
                bytes < APPLY_BATCH_BYTES_MAX && !applier->stopped;
         i++) {
        CHECK(i == 0 || entries[i].index > entries[i - 1].index);
        if (entries[i].index <= applier->applied_index) {
            meter_add(&applier->meters.skipped, 1);
            continue;
        }
        if (!apply_entry(applier, &entries[i])) {
            break;
        }
        applier->entries += 1;
        bytes += entries[i].bytes.len;
        meter_add(&applier->meters.entries, 1);
    }
    return i;
}

static void commit_batch(struct applier *applier, uint64_t index)
{
    uint64_t began_us = loop_now_us(applier->settings.loop);
    enum error error;

    machine_write_changes(applier->machine, state_rows_put, applier->batch);
    record_rows_finish(&applier->records, applier->batch);
    state_rows_put_digest(applier->batch, applier->digest.value);
    if (applier->events.fill != NULL) {
        applier->events.fill(applier->events.context, applier->batch);
    }
    error = store_commit(applier->store, applier->batch, index);
    if (error != ERROR_NONE) {
        applier_fail(applier, error, "the store cannot write");
        return;
    }
    applier->applied_index = index;
    meter_add(&applier->meters.batches, 1);
    meter_observe(&applier->meters.commit_us,
                  loop_now_us(applier->settings.loop) - began_us);
    meter_set(&applier->meters.applied_index, (int64_t)index);
}

/* Returns how many entries are done. */
static size_t apply_batch(struct applier *applier,
                          const struct replica_entry *entries, size_t n)
{
    size_t taken;

    batch_clear(applier->batch);
    taken = fill_batch(applier, entries, n);
    if (applier->stopped ||
        entries[taken - 1].index <= applier->applied_index) {
        return taken;
    }
    commit_batch(applier, entries[taken - 1].index);
    if (!applier->stopped) {
        applier->events.committed(applier->events.context,
                                  applier->applied_index);
        replica_applied(applier->replica, applier->applied_index);
    }
    return taken;
}

void applier_apply(struct applier *applier, const struct replica_entry *entries,
                   size_t n)
{
    while (n > 0 && !applier->stopped) {
        size_t taken = apply_batch(applier, entries, n);

        entries += taken;
        n -= taken;
    }
}

uint64_t applier_applied(const struct applier *applier)
{
    return applier->applied_index;
}

const struct machine *applier_machine(const struct applier *applier)
{
    return applier->machine;
}

struct store *applier_store(const struct applier *applier)
{
    return applier->store;
}

uint64_t applier_digested(const struct applier *applier)
{
    return applier->digest.index;
}

bool applier_digest_at(const struct applier *applier, uint64_t index,
                       uint64_t *value_out)
{
    return digest_at(&applier->digest, index, value_out);
}

const struct applier_meters *applier_meters(const struct applier *applier)
{
    return &applier->meters;
}

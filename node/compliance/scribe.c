#include "node/compliance/scribe.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/compliance/scribe_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "storage/keyspace.h"

struct scribe *scribe_new(struct compliance *compliance)
{
    struct scribe *scribe = calloc(1, sizeof(*scribe));

    CHECK(scribe != NULL);
    scribe->compliance = compliance;
    scribe->worker = worker_new(compliance->settings.loop, "archive");
    CHECK(scribe->worker != NULL);
    scribe->pen = pen_new(compliance->directory);
    scribe->climb = climb_new(compliance->directory);
    scribe->believed = UINT64_MAX;
    return scribe;
}

void scribe_free(struct scribe *scribe)
{
    if (scribe != NULL) {
        worker_free(scribe->worker);
        scribe_drop_past(scribe);
        pen_free(scribe->pen);
        climb_free(scribe->climb);
        buffer_deinit(&scribe->task.payloads);
        buffer_deinit(&scribe->payloads);
        free(scribe);
    }
}

uint64_t scribe_durable(const struct scribe *scribe)
{
    return scribe->durable;
}

Perch__ArchiveMark__State scribe_state(const struct scribe *scribe)
{
    return scribe->state;
}

/* --- The rows that are in files --- */

/* Rows go bundle by bundle, some with each batch: many at once would hold the
 * state loop up. */
void scribe_fill(struct scribe *scribe, struct batch *batch)
{
    uint64_t end = scribe->rows_from + SCRIBE_TRIM_ROWS_MAX;
    struct archive_view archive;
    struct key key;

    archive_view(scribe->compliance->state.machine, &archive);
    /* Files may be ahead of a state that is being replayed. */
    if (end > archive.records / TILE_WIDTH * TILE_WIDTH) {
        end = archive.records / TILE_WIDTH * TILE_WIDTH;
    }
    if (end > scribe->rows_upto) {
        end = scribe->rows_upto;
    }
    for (uint64_t csn = scribe->rows_from; csn < end; csn += RECORDS_OF_ROW) {
        key_build(TABLE_RECORDS, &csn, &key);
        batch_delete(batch, TABLE_RECORDS, key_slice(&key));
    }
    scribe->rows_from = end > scribe->rows_from ? end : scribe->rows_from;
    scribe_fill_payloads(scribe, batch);
}

/* --- Jobs --- */

static void take_counts(struct scribe *scribe)
{
    struct compliance_meters *meters = &scribe->compliance->meters;
    const struct pen_counts *now = pen_counts(scribe->pen);

    meter_add(&meters->bytes, now->bytes - scribe->counted.bytes);
    meter_add(&meters->files, now->files - scribe->counted.files);
    meter_add(&meters->mended, now->mended - scribe->counted.mended);
    scribe->counted = *now;
}

static void tell_faulty(const struct scribe *scribe)
{
    const struct compliance_settings *settings = &scribe->compliance->settings;

    if (settings->faulty != NULL) {
        settings->faulty(settings->context,
                         scribe->state != PERCH__ARCHIVE_MARK__STATE__FINE);
    }
}

static void set_state(struct scribe *scribe, Perch__ArchiveMark__State state,
                      enum error error)
{
    static const char *const names[] = {"FINE", "FULL", "FAILED"};

    if (state == scribe->state) {
        return;
    }
    scribe->state = state;
    meter_set(&scribe->compliance->meters.state, (int64_t)state);
    tell_faulty(scribe);
    if (state == PERCH__ARCHIVE_MARK__STATE__FINE) {
        journal_notice("archive_fine", "directory=%s durable=%" PRIu64,
                       scribe->compliance->directory, scribe->durable);
    } else {
        journal_error("archive_stands",
                      "directory=%s state=%s durable=%" PRIu64
                      " error=%s reserve_bytes=%d",
                      scribe->compliance->directory, names[state],
                      scribe->durable, error_name(error), PEN_RESERVE_BYTES);
    }
}

/* What the pen has in memory is not to be believed any more: after a while the
 * files are opened again. */
static void wait_after(struct scribe *scribe, enum error error)
{
    uint64_t now_us = loop_now_us(scribe->compliance->settings.loop);
    uint64_t wait_ms = (uint64_t)SCRIBE_RETRY_MIN_MS << scribe->failures;

    meter_add(&scribe->compliance->meters.errors, 1);
    if (wait_ms < SCRIBE_RETRY_MAX_MS) {
        scribe->failures += 1;
    } else {
        wait_ms = SCRIBE_RETRY_MAX_MS;
    }
    scribe->is_open = false;
    scribe->due_us = now_us + wait_ms * 1000;
    set_state(scribe,
              error == ERROR_NO_SPACE ? PERCH__ARCHIVE_MARK__STATE__FULL
                                      : PERCH__ARCHIVE_MARK__STATE__FAILED,
              error);
}

/* The files say something else than the pool's state: all of them are looked
 * through, against what the state has. */
static void distrust(struct scribe *scribe, uint64_t from)
{
    scribe->believed = from / TILE_WIDTH;
    scribe->is_open = false;
    scribe->due_us = loop_now_us(scribe->compliance->settings.loop) +
                     SCRIBE_DISTRUST_MS * 1000ull;
    meter_add(&scribe->compliance->meters.errors, 1);
}

static void note_durable(struct scribe *scribe, uint64_t records)
{
    if (records != scribe->durable) {
        scribe->durable = records;
        meter_set(&scribe->compliance->meters.records, (int64_t)records);
        compliance_written(scribe->compliance);
    }
}

static void take_opened(struct scribe *scribe)
{
    const struct task *task = &scribe->task;

    scribe->is_open = true;
    scribe->climbing = false;
    scribe->looking = false;
    scribe->agreed = false;
    scribe->partial_size = 0;
    scribe->believed = UINT64_MAX;
    scribe->size = task->size;
    scribe->rows_from = task->rows_from;
    note_durable(scribe, task->durable);
    if (task->size >= task->target) {
        set_state(scribe, PERCH__ARCHIVE_MARK__STATE__FINE, ERROR_NONE);
    }
    journal_info("archive_opened",
                 "directory=%s durable=%" PRIu64 " rows_from=%" PRIu64
                 " records=%" PRIu64,
                 scribe->compliance->directory, task->durable, task->rows_from,
                 task->target);
}

static void take_written(struct scribe *scribe)
{
    const struct task *task = &scribe->task;

    scribe->failures = 0;
    set_state(scribe, PERCH__ARCHIVE_MARK__STATE__FINE, ERROR_NONE);
    scribe->size = task->size;
    if (task->partial > 0 && task->partial <= task->size) {
        scribe->partial_size = task->partial;
    }
    note_durable(scribe, task->durable);
    scribe->agreed = task->is_checked ? task->agrees : scribe->agreed;
    if (task->is_checked && !task->agrees) {
        journal_error("archive_diverged",
                      "directory=%s size=%" PRIu64
                      " action=\"all files are looked through\"",
                      scribe->compliance->directory, task->size);
        distrust(scribe, 0);
    }
}

static void take_climbed(struct scribe *scribe)
{
    const struct task *task = &scribe->task;

    meter_add(&scribe->compliance->meters.fetched, task->size - scribe->size);
    scribe->failures = 0;
    scribe->size = task->size;
    note_durable(scribe, task->durable);
    scribe_climbed(scribe);
}

/* Rows may go whose full bundles are durable, and that are there: a store that
 * a crash has set back behind its files will get them again. */
static void take_rows(struct scribe *scribe)
{
    uint64_t upto = scribe->task.full;

    if (upto > scribe->task.target) {
        upto = scribe->task.target / TILE_WIDTH * TILE_WIDTH;
    }
    if (upto > scribe->rows_upto) {
        scribe->rows_upto = upto;
    }
    buffer_append_slice(&scribe->payloads,
                        buffer_slice(&scribe->task.payloads));
    CHECK(!buffer_failed(&scribe->payloads));
    scribe->payloads_from = scribe->task.payloads_upto;
}

static void take_done(struct scribe *scribe)
{
    if (scribe->task.kind != TASK_LOOK && scribe->task.kind != TASK_PAST) {
        take_rows(scribe); /* The task may be given out again below. */
    }
    switch (scribe->task.kind) {
    case TASK_PAST:
        scribe_drop_past(scribe);
        break;
    case TASK_OPEN:
        take_opened(scribe);
        break;
    case TASK_WRITE:
        take_written(scribe);
        break;
    case TASK_LOOK:
        scribe_looked(scribe);
        break;
    case TASK_CLIMB:
        take_climbed(scribe);
        break;
    }
}

static void on_done(struct job *job)
{
    struct scribe *scribe =
        (struct scribe *)((char *)job - offsetof(struct scribe, task.job));
    struct compliance *compliance = scribe->compliance;
    struct task *task = &scribe->task;
    bool stale = scribe->stale;

    scribe->busy = false;
    scribe->stale = false;
    take_counts(scribe);
    meter_observe(&compliance->meters.write_us,
                  loop_now_us(compliance->settings.loop) - task->began_us);
    if (task->kind == TASK_PAST && task->error != ERROR_NONE) {
        journal_error("archive_origin_not_whole",
                      "directory=%s records=%" PRIu64 " error=%s",
                      compliance->directory, task->target,
                      error_name(task->error));
        scribe_drop_past(scribe);
        wait_after(scribe, task->error);
    } else if (compliance->releasing || compliance->stopped || stale) {
        scribe->is_open = false; /* Other rows are to come. */
    } else if (task->error != ERROR_NONE) {
        wait_after(scribe, task->error);
    } else {
        take_done(scribe);
    }
    compliance_job_ended(compliance);
    if (!compliance->stopped) {
        scribe_go_on(scribe);
    }
}

void scribe_begin(struct scribe *scribe, enum task_kind kind)
{
    struct compliance *compliance = scribe->compliance;
    struct task *task = &scribe->task;
    struct archive_view archive;

    archive_view(compliance->state.machine, &archive);
    buffer_clear(&task->payloads);
    task->kind = kind;
    task->pen = scribe->pen;
    task->climb = scribe->climb;
    task->climb_upto = scribe->rows_from;
    task->look = scribe->look;
    task->look_begins = !scribe->looking;
    task->store = compliance->state.store;
    task->view = scribe->past;
    snprintf(task->origin, sizeof(task->origin), "%.*s\n%" PRIu64 "\n",
             (int)archive.origin.len, (const char *)archive.origin.data,
             archive.begun_index);
    task->target = kind == TASK_PAST ? scribe->past_records : archive.records;
    archive_root(compliance->state.machine, &task->root);
    task->believed = scribe->believed;
    task->payloads_from = scribe->payloads_from;
    task->partial = scribe->partial;
    task->durable = scribe->durable;
    task->began_us = loop_now_us(compliance->settings.loop);
    task->job = (struct job){.run = task_run, .done = on_done};
    scribe->busy = true;
    worker_submit(scribe->worker, &task->job);
}

/* --- When --- */

/* Which partial tiles are wanted: those of the checkpoint that is under way,
 * and in its absence those of all records, now and then. */
static void choose_partial(struct scribe *scribe,
                           const struct archive_view *archive, uint64_t now_us)
{
    scribe->partial = 0;
    if (archive->open.size > scribe->partial_size) {
        scribe->partial = archive->open.size;
    } else if (archive->records > scribe->durable &&
               now_us - scribe->partial_us >= SCRIBE_PARTIAL_MS * 1000ull) {
        scribe->partial = archive->records;
    }
    if (scribe->partial > 0) {
        scribe->partial_us = now_us;
    }
}

static bool is_due(struct scribe *scribe, const struct archive_view *archive,
                   uint64_t now_us)
{
    if (scribe->partial > 0) {
        return true;
    }
    return archive->records > scribe->size &&
           (archive->records - scribe->size >= SCRIBE_RECORDS_MAX ||
            now_us - scribe->began_us >= SCRIBE_PACE_MS * 1000ull);
}

void scribe_go_on(struct scribe *scribe)
{
    struct compliance *compliance = scribe->compliance;
    uint64_t now_us = loop_now_us(compliance->settings.loop);
    struct archive_view archive;

    if (scribe->busy || compliance->releasing || now_us < scribe->due_us ||
        compliance->replica == NULL) {
        return;
    }
    archive_view(compliance->state.machine, &archive);
    meter_set(&compliance->meters.behind,
              archive.records > scribe->durable
                  ? (int64_t)(archive.records - scribe->durable)
                  : 0);
    if (archive.origin.len == 0) {
        return; /* There never was an archive. */
    }
    if (!scribe->is_open) {
        scribe_begin(scribe, scribe->past != NULL ? TASK_PAST : TASK_OPEN);
        return;
    }
    if (scribe->size < scribe->rows_from) {
        scribe_climb(scribe);
        return;
    }
    choose_partial(scribe, &archive, now_us);
    if (is_due(scribe, &archive, now_us)) {
        scribe->began_us = now_us;
        scribe_begin(scribe, TASK_WRITE);
    } else {
        (void)scribe_look(scribe, now_us);
    }
}

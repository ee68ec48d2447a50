/* The scribe as a part: what it tells the pool, and what it is told. */
#include <stddef.h>

#include "node/compliance/scribe_parts.h"
#include "proto/base/endian.h"
#include "storage/cursor.h"
#include "storage/keyspace.h"

void scribe_fill_payloads(struct scribe *scribe, struct batch *batch)
{
    size_t at = 0;
    uint64_t csn;
    struct key key;

    while (at < scribe->payloads.len) {
        csn = get_be64(scribe->payloads.data + at);
        if (csn >= scribe->rows_from) {
            break;
        }
        key_build(TABLE_PAYLOADS, &csn, &key);
        batch_delete(batch, TABLE_PAYLOADS, key_slice(&key));
        at += sizeof(csn);
    }
    if (at > 0) {
        buffer_consume(&scribe->payloads, at);
    }
}

static void on_mark_told(struct proposal *proposal, enum proposal_fate fate,
                         const struct applied *applied,
                         const struct effects *effects)
{
    struct scribe *scribe =
        (struct scribe *)((char *)proposal - offsetof(struct scribe, mark));

    (void)applied;
    (void)effects;
    scribe->marking = false;
    if (fate != PROPOSAL_APPLIED) {
        scribe->marked = 0; /* Said again. */
    }
}

/* A pool of older rules has no such command. */
static bool may_mark(const struct scribe *scribe,
                     const struct archive_view *archive)
{
    return !scribe->marking && archive->origin.len > 0 &&
           (scribe->is_open ||
            scribe->state != PERCH__ARCHIVE_MARK__STATE__FINE) &&
           proposer_epoch(scribe->compliance->proposer) != 0;
}

static void propose_mark(struct scribe *scribe, uint64_t records)
{
    Perch__ArchiveMark mark = PERCH__ARCHIVE_MARK__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&mark, records, records);
    CODEC_SET(&mark, state, scribe->state);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_MARK;
    command.archive_mark = &mark;
    scribe->mark = (struct proposal){.tell = on_mark_told};
    if (proposer_propose(scribe->compliance->proposer, &scribe->mark,
                         &command) == ERROR_NONE) {
        scribe->marking = true;
        scribe->marked = records;
        scribe->marked_state = scribe->state;
    }
}

void scribe_mark(struct scribe *scribe)
{
    uint64_t now_us = loop_now_us(scribe->compliance->settings.loop);
    struct archive_view archive;
    uint64_t records;

    archive_view(scribe->compliance->state.machine, &archive);
    /* Files may be ahead of a state that is being replayed. */
    records =
        scribe->durable < archive.records ? scribe->durable : archive.records;
    if (!may_mark(scribe, &archive) ||
        (records == scribe->marked && scribe->state == scribe->marked_state)) {
        return;
    }
    if (scribe->state == scribe->marked_state &&
        now_us - scribe->marked_us < SCRIBE_MARK_MS * 1000ull) {
        return;
    }
    scribe->marked_us = now_us;
    propose_mark(scribe, records);
}

/* --- As a part --- */

static void on_tick(struct compliance *compliance)
{
    scribe_go_on(compliance->scribe);
    scribe_mark(compliance->scribe);
}

static void on_committed(struct compliance *compliance)
{
    scribe_go_on(compliance->scribe);
}

/* Other rows: what of them is in files is not known. */
static void forget_rows(struct scribe *scribe)
{
    scribe->is_open = false;
    scribe->stale = scribe->busy;
    scribe->rows_from = 0;
    scribe->rows_upto = 0;
    scribe->payloads_from = 0;
    buffer_clear(&scribe->payloads);
}

static void on_restored(struct compliance *compliance)
{
    forget_rows(compliance->scribe);
    scribe_go_on(compliance->scribe);
}

void scribe_drop_past(struct scribe *scribe)
{
    view_close(scribe->past);
    scribe->past = NULL;
}

void scribe_end_origin(struct scribe *scribe)
{
    struct compliance *compliance = scribe->compliance;
    struct archive_past_view past;

    forget_rows(scribe);
    scribe->believed = UINT64_MAX;
    scribe->size = 0;
    scribe->durable = 0;
    scribe->marked = 0;
    if (scribe->past != NULL || compliance->releasing ||
        !archive_past(compliance->state.machine, &past) ||
        view_open(compliance->state.store, &scribe->past) != ERROR_NONE) {
        return; /* What is in files by now is what there is. */
    }
    scribe->past_records = past.records;
}

static void on_entry(struct compliance *compliance,
                     const struct applied_entry *entry,
                     const struct applied *applied,
                     const struct effects *effects)
{
    (void)entry;
    if (applied->outcome == OUTCOME_DONE && effects->command != NULL &&
        effects->command->kind_case == PERCH__COMMAND__KIND_ARCHIVE_REOPEN) {
        scribe_end_origin(compliance->scribe);
    }
}

static bool is_idle(struct compliance *compliance)
{
    struct scribe *scribe = compliance->scribe;

    if (scribe->busy) {
        return false;
    }
    scribe_drop_past(scribe);
    return true;
}

const struct compliance_part scribe_part = {
    .name = "scribe",
    .tick = on_tick,
    .entry = on_entry,
    .committed = on_committed,
    .restored = on_restored,
    .idle = is_idle,
};

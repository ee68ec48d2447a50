#include "node/compliance/canaries.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/effects.h"
#include "node/chat/outcome.h"
#include "node/compliance/scribe.h"
#include "node/compliance/tiles.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"
#include "proto/record.h"

enum canary_state { CANARY_IDLE, CANARY_SENT, CANARY_WAITING, CANARY_PROVING };

struct canaries {
    struct compliance *compliance;
    struct worker *worker;
    struct job job;
    struct tiles *tiles; /* The worker's while it works. */
    enum canary_state state;
    int64_t begun_us; /* When this node started, by its clock. */
    uint64_t due_us;  /* When the next is sent, or the proof tried again. */
    uint64_t sent_us;
    bool told_late;
    struct proposal proposal;
    uint8_t nonce[CANARIES_NONCE_BYTES];
    uint64_t csn;
    char origin[ARCHIVE_ORIGIN_BYTES_MAX + 1]; /* Of the tree it is in. */

    /* The job's. */
    uint64_t size;
    struct merkle_hash root; /* As published. */
    enum error error;        /* ROTTEN: it is not in the tree. */
};

static uint64_t now_us(const struct canaries *canaries)
{
    return loop_now_us(canaries->compliance->settings.loop);
}

/* --- Proving, on the worker's thread --- */

static struct canaries *of_job(struct job *job)
{
    return (struct canaries *)((char *)job - offsetof(struct canaries, job));
}

/* Is the record of that number the canary that was sent? */
static enum error find_canary(struct canaries *canaries,
                              struct merkle_hash *leaf_out)
{
    struct record record;
    struct slice bytes, nonce;

    TRY(tiles_record(canaries->tiles, canaries->csn, &bytes));
    if (record_read(bytes, &record) != ERROR_NONE ||
        record.kind != RECORD_CANARY ||
        !record_find(&record, RECORD_FIELD_DIGEST, &nonce) ||
        !slice_equal(nonce,
                     slice_of(canaries->nonce, sizeof(canaries->nonce)))) {
        return ERROR_ROTTEN;
    }
    merkle_leaf(bytes, leaf_out);
    return ERROR_NONE;
}

static enum error prove(struct canaries *canaries)
{
    struct merkle_hash proof[MERKLE_DEPTH_MAX], leaf;
    size_t n;

    tiles_forget(canaries->tiles);
    TRY(find_canary(canaries, &leaf));
    TRY(merkle_prove_leaf(tiles_hash, canaries->tiles, canaries->csn,
                          canaries->size, proof, &n));
    return merkle_check_leaf(&leaf, canaries->csn, canaries->size,
                             &canaries->root, proof, n)
               ? ERROR_NONE
               : ERROR_ROTTEN;
}

static void run(struct job *job)
{
    of_job(job)->error = prove(of_job(job));
}

/* --- On the state loop --- */

static void wait_for_next(struct canaries *canaries)
{
    uint64_t pace_s = machine_setting(canaries->compliance->state.machine,
                                      SETTING_ARCHIVE_CANARY_S);

    canaries->state = CANARY_IDLE;
    canaries->due_us = now_us(canaries) + pace_s * 1000000;
}

static void on_proved(struct job *job)
{
    struct canaries *canaries = of_job(job);
    struct compliance *compliance = canaries->compliance;

    if (compliance->stopped) {
        return;
    }
    if (canaries->error == ERROR_NONE) {
        meter_add(&compliance->meters.canaries, 1);
        meter_set(&compliance->meters.canary_failed, 0);
        meter_set(&compliance->meters.canary_s,
                  loop_wall_us(compliance->settings.loop) / 1000000);
        wait_for_next(canaries);
        return;
    }
    journal_error("canary_not_proved",
                  "node=%u csn=%" PRIu64 " size=%" PRIu64 " error=%s",
                  compliance->settings.node, canaries->csn, canaries->size,
                  error_name(canaries->error));
    meter_set(&compliance->meters.canary_failed, 1);
    canaries->state = CANARY_WAITING;
    canaries->due_us = now_us(canaries) + CANARIES_RETRY_MS * UINT64_C(1000);
}

static bool is_origin(const struct canaries *canaries,
                      const struct archive_view *archive)
{
    return slice_equal_text(archive->origin, canaries->origin);
}

static void on_told(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct canaries *canaries =
        (struct canaries *)((char *)proposal -
                            offsetof(struct canaries, proposal));

    struct archive_view archive;

    if (fate != PROPOSAL_APPLIED || applied->outcome != OUTCOME_DONE ||
        effects == NULL || effects->records.n == 0) {
        canaries->state = CANARY_IDLE; /* Refused or never seen: another. */
        canaries->due_us =
            now_us(canaries) + CANARIES_RETRY_MS * UINT64_C(1000);
        return;
    }
    archive_view(canaries->compliance->state.machine, &archive);
    snprintf(canaries->origin, sizeof(canaries->origin), "%.*s",
             SLICE_PRINT(archive.origin));
    canaries->csn = effects->records.csn;
    canaries->state = CANARY_WAITING;
    canaries->due_us = 0;
    canaries->told_late = false;
}

static void send_one(struct canaries *canaries)
{
    struct compliance *compliance = canaries->compliance;
    Perch__Canary body = PERCH__CANARY__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    loop_random(compliance->settings.loop, canaries->nonce,
                sizeof(canaries->nonce));
    body.has_nonce = true;
    body.nonce.data = canaries->nonce;
    body.nonce.len = sizeof(canaries->nonce);
    command.kind_case = PERCH__COMMAND__KIND_CANARY;
    command.canary = &body;
    canaries->proposal =
        (struct proposal){.tell = on_told, .patience_ms = CANARIES_RETRY_MS};
    canaries->sent_us = now_us(canaries);
    canaries->due_us = canaries->sent_us + CANARIES_RETRY_MS * UINT64_C(1000);
    if (proposer_propose(compliance->proposer, &canaries->proposal, &command) ==
        ERROR_NONE) {
        canaries->state = CANARY_SENT;
    }
}

/* A pool that was set back must not make records of its own before a witness
 * has had the chance to say so: what was lost could not be brought back. */
static bool may_begin(const struct canaries *canaries)
{
    const struct compliance *compliance = canaries->compliance;
    int64_t waited_us =
        loop_wall_us(compliance->settings.loop) - canaries->begun_us;
    bool is_watched = false;

    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witness_view witness;

        if (archive_witness(compliance->state.machine, slot, &witness)) {
            is_watched = true;
            if (witness.at_us >= canaries->begun_us) {
                return true;
            }
        }
    }
    return !is_watched || waited_us < 0 ||
           waited_us >= CANARIES_PATIENCE_S * INT64_C(1000000);
}

static void tell_late(struct canaries *canaries)
{
    if (canaries->told_late || now_us(canaries) - canaries->sent_us <
                                   CANARIES_LATE_S * UINT64_C(1000000)) {
        return;
    }
    canaries->told_late = true;
    journal_error("canary_late",
                  "node=%u csn=%" PRIu64
                  " reason=\"no published checkpoint covers it\"",
                  canaries->compliance->settings.node, canaries->csn);
    meter_set(&canaries->compliance->meters.canary_failed, 1);
}

static void try_to_prove(struct canaries *canaries,
                         const struct archive_view *archive)
{
    struct compliance *compliance = canaries->compliance;

    if (!archive->published.is || archive->published.size <= canaries->csn) {
        tell_late(canaries);
        return;
    }
    if (scribe_durable(compliance->scribe) < archive->published.size) {
        return;
    }
    canaries->size = archive->published.size;
    canaries->root = archive->published.root;
    canaries->state = CANARY_PROVING;
    canaries->job = (struct job){.run = run, .done = on_proved};
    worker_submit(canaries->worker, &canaries->job);
}

static void work(struct compliance *compliance)
{
    struct canaries *canaries = compliance->canaries;
    struct archive_view archive;

    archive_view(compliance->state.machine, &archive);
    if (now_us(canaries) < canaries->due_us) {
        return;
    }
    if (canaries->state == CANARY_WAITING && !is_origin(canaries, &archive)) {
        canaries->state = CANARY_IDLE; /* Begun anew: it is in no tree now. */
    }
    if (archive.mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF || archive.halted) {
        return;
    }
    if (canaries->state == CANARY_IDLE && may_begin(canaries)) {
        send_one(canaries);
    } else if (canaries->state == CANARY_WAITING) {
        try_to_prove(canaries, &archive);
    }
}

struct canaries *canaries_new(struct compliance *compliance)
{
    struct canaries *canaries = calloc(1, sizeof(*canaries));

    CHECK(canaries != NULL);
    canaries->compliance = compliance;
    canaries->begun_us = loop_wall_us(compliance->settings.loop);
    canaries->tiles = tiles_open(compliance->directory);
    canaries->worker = worker_new(compliance->settings.loop, "canaries");
    CHECK(canaries->worker != NULL);
    return canaries;
}

void canaries_free(struct canaries *canaries)
{
    if (canaries != NULL) {
        worker_free(canaries->worker);
        tiles_close(canaries->tiles);
        free(canaries);
    }
}

const struct compliance_part canaries_part = {
    .name = "canaries",
    .tick = work,
};

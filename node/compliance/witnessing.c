#include "node/compliance/witnessing.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/outcome.h"
#include "node/chat/edition.h"
#include "node/compliance/scribe.h"
#include "node/compliance/tiles.h"
#include "node/compliance/witness_talk.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"

/* A witness of the state's, by its slot. */
struct talker {
    struct compliance *compliance;
    uint32_t slot;
    struct worker *worker; /* NULL: not needed yet. */
    struct tiles *tiles;   /* The worker's while it works. */
    struct job job;
    bool is_working;
    struct witness_talk talk;
    uint64_t index;      /* Of the checkpoint it is about. */
    uint64_t done_index; /* Of the last that it has cosigned. */
    uint64_t retry_us;   /* Not before then. */
    unsigned attempts;   /* That failed in a row. */
    char error[WITNESS_WHY_BYTES];
    struct proposal proposal;
    bool is_first; /* The talk is the one before this node's start. */
    bool is_saying;
    bool is_halting; /* What is said is that the pool has to halt. */
};

struct witnessing {
    bool is_first; /* The start of this node waits for what they say. */
    unsigned first_left;
    struct talker talkers[ARCHIVE_WITNESSES_MAX];
};

static uint64_t now_us(const struct talker *talker)
{
    return loop_now_us(talker->compliance->settings.loop);
}

/* --- What comes of a talk --- */

static void on_told(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct talker *talker =
        (struct talker *)((char *)proposal - offsetof(struct talker, proposal));

    (void)effects;
    talker->is_saying = false;
    if (fate != PROPOSAL_APPLIED) {
        talker->done_index = 0; /* Again. */
    } else if (talker->is_halting && outcome_is_success(applied->outcome)) {
        journal_error("archive_halted",
                      "witness=%s size=%" PRIu64 " reason=\"%s\"",
                      talker->talk.witness.name, talker->talk.held,
                      talker->talk.end == WITNESS_END_FORKED
                          ? "it has seen another history"
                          : "it has seen more than there is");
    }
}

static void propose(struct talker *talker, Perch__Command *command)
{
    talker->proposal = (struct proposal){.tell = on_told,
                                         .patience_ms = WITNESSING_PATIENCE_MS};
    talker->is_saying =
        proposer_propose(talker->compliance->proposer, &talker->proposal,
                         command) == ERROR_NONE;
    if (!talker->is_saying) {
        talker->done_index = 0;
    }
}

static void say_witnessed(struct talker *talker)
{
    struct witness_talk *talk = &talker->talk;
    Perch__Witnessed body = PERCH__WITNESSED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    body.has_name = body.has_size = body.has_time_s = body.has_cosignature =
        true;
    body.name.data = (uint8_t *)talk->witness.name;
    body.name.len = strlen(talk->witness.name);
    body.size = talk->size;
    body.time_s = talk->time_s;
    body.cosignature.data = talk->cosignature;
    body.cosignature.len = sizeof(talk->cosignature);
    command.kind_case = PERCH__COMMAND__KIND_WITNESSED;
    command.witnessed = &body;
    talker->is_halting = false;
    propose(talker, &command);
}

static void say_halt(struct talker *talker)
{
    struct witness_talk *talk = &talker->talk;
    Perch__ArchiveHalt body = PERCH__ARCHIVE_HALT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    body.has_witness = body.has_size = true;
    body.witness.data = (uint8_t *)talk->witness.name;
    body.witness.len = strlen(talk->witness.name);
    body.size = talk->held;
    body.has_forked = body.forked = talk->end == WITNESS_END_FORKED;
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_HALT;
    command.archive_halt = &body;
    talker->is_halting = true;
    propose(talker, &command);
}

static void wait(struct talker *talker)
{
    uint64_t wait_ms = WITNESSING_BACKOFF_MIN_MS;

    for (unsigned i = 0;
         i < talker->attempts && wait_ms < WITNESSING_BACKOFF_MAX_MS; i++) {
        wait_ms *= 2;
    }
    if (wait_ms > WITNESSING_BACKOFF_MAX_MS) {
        wait_ms = WITNESSING_BACKOFF_MAX_MS;
    }
    talker->attempts += 1;
    talker->retry_us = now_us(talker) + wait_ms * 1000;
}

static void note_failure(struct talker *talker)
{
    const struct witness_talk *talk = &talker->talk;

    meter_add(&talker->compliance->meters.witness_errors, 1);
    if (strcmp(talker->error, talk->why) != 0) { /* One line a change. */
        journal_warning("witness_failed",
                        "witness=%s size=%" PRIu64 " reason=\"%s\"",
                        talk->witness.name, talk->size, talk->why);
    }
    snprintf(talker->error, sizeof(talker->error), "%s", talk->why);
    wait(talker);
}

static void note_set_back(struct talker *talker)
{
    const struct witness_talk *talk = &talker->talk;
    struct archive_view archive;

    archive_view(talker->compliance->state.machine, &archive);
    snprintf(talker->error, sizeof(talker->error), "%s", talk->why);
    wait(talker);
    if (talk->end == WITNESS_END_AHEAD && talk->held <= archive.records) {
        return; /* The state here was behind: it is not any more. */
    }
    journal_error(talk->end == WITNESS_END_AHEAD ? "witness_ahead"
                                                 : "witness_forked",
                  "witness=%s held=%" PRIu64 " size=%" PRIu64
                  " records=%" PRIu64 " proven=%d",
                  talk->witness.name, talk->held, talk->size, archive.records,
                  talk->is_proven);
    say_halt(talker);
}

/* Is the slot that witness's still? */
static bool is_current(const struct talker *talker)
{
    struct witness_view witness;

    return archive_witness(talker->compliance->state.machine, talker->slot,
                           &witness) &&
           slice_equal_text(witness.name, talker->talk.witness.name) &&
           memcmp(witness.public_key, talker->talk.witness.key,
                  NOTE_KEY_BYTES) == 0;
}

/* --- Before this node's start --- */

static void release(struct talker *talker, bool has_news)
{
    struct compliance *compliance = talker->compliance;
    const struct witness_talk *talk = &talker->talk;
    const struct proposer_news news = {
        .witness = slice_of_text(talk->witness.name),
        .origin = slice_of_text(talk->log.name),
        .size = talk->held,
        .forked = talk->end == WITNESS_END_FORKED,
    };

    compliance->witnessing->is_first = false;
    proposer_release(compliance->proposer, has_news ? &news : NULL);
}

/* One that has seen more, or else, is enough to know. A node that was away has
 * less than its pool, too: the pool's state judges, when the start is applied.
 */
static void on_first(struct talker *talker)
{
    struct witnessing *witnessing = talker->compliance->witnessing;
    enum witness_end end = talker->talk.end;

    talker->is_first = false;
    witnessing->first_left -= 1;
    if (!witnessing->is_first) {
        return;
    }
    if (end == WITNESS_END_AHEAD || end == WITNESS_END_FORKED) {
        journal_notice("witness_has_more",
                       "witness=%s held=%" PRIu64 " size=%" PRIu64 " forked=%d",
                       talker->talk.witness.name, talker->talk.held,
                       talker->talk.size, end == WITNESS_END_FORKED);
        release(talker, true);
    } else if (witnessing->first_left == 0) {
        release(talker, false);
    }
}

static void on_talked(struct job *job)
{
    struct talker *talker =
        (struct talker *)((char *)job - offsetof(struct talker, job));

    talker->is_working = false;
    if (talker->compliance->stopped) {
        return;
    }
    if (talker->is_first) {
        on_first(talker);
        return;
    }
    if (!is_current(talker)) {
        return;
    }
    switch (talker->talk.end) {
    case WITNESS_END_COSIGNED:
        if (talker->error[0] != '\0') {
            journal_notice("witness_answers", "witness=%s",
                           talker->talk.witness.name);
        }
        talker->attempts = 0;
        talker->error[0] = '\0';
        talker->done_index = talker->index;
        say_witnessed(talker);
        break;
    case WITNESS_END_AHEAD:
    case WITNESS_END_FORKED:
        note_set_back(talker);
        break;
    case WITNESS_END_FAILED:
        note_failure(talker);
        break;
    }
}

/* --- Asking --- */

static void run(struct job *job)
{
    struct talker *talker =
        (struct talker *)((char *)job - offsetof(struct talker, job));

    witness_talk(&talker->talk, talker->tiles);
}

/* What the edition's own signatures are was checked when it was published, and
 * the witness checks the log's. */
static void ignore_forged(const struct edition *edition,
                          const struct note_verifier *whose)
{
    (void)edition, (void)whose;
}

static bool prepare(struct talker *talker, const struct edition *edition,
                    const struct witness_view *witness)
{
    struct witness_talk *talk = &talker->talk;

    buffer_clear(&talk->note);
    if (note_verifier_init(&talk->witness, witness->name, NOTE_COSIGNATURE,
                           witness->public_key) != ERROR_NONE ||
        edition_write(edition, &talk->note, ignore_forged) < 0 ||
        witness->url.len > ARCHIVE_URL_BYTES_MAX) {
        return false;
    }
    snprintf(talk->url, sizeof(talk->url), "%.*s", SLICE_PRINT(witness->url));
    talk->port = talker->compliance->settings.witnesses;
    talk->log = edition->log;
    talk->size = edition->size;
    talk->root = edition->root;
    talk->held = witness->size;
    talk->is_proven = false;
    return true;
}

static void begin(struct talker *talker, const struct edition *edition,
                  const struct witness_view *witness)
{
    struct compliance *compliance = talker->compliance;

    if (!prepare(talker, edition, witness)) {
        return;
    }
    if (talker->worker == NULL) {
        talker->worker = worker_new(compliance->settings.loop, "witnessing");
        CHECK(talker->worker != NULL);
        talker->tiles = tiles_open(compliance->directory);
    }
    talker->index = edition->index;
    talker->is_working = true;
    talker->job = (struct job){.run = run, .done = on_talked};
    worker_submit(talker->worker, &talker->job);
}

bool witnessing_asks_first(const struct compliance *compliance,
                           const struct machine *machine)
{
    struct archive_view archive;
    struct witness_view witness;
    bool any = false;

    archive_view(machine, &archive);
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        any |= archive_witness(machine, slot, &witness);
    }
    return any && archive.published.is && archive.published.is_signed &&
           !archive.halted && compliance->settings.witnesses != NULL;
}

static void ask_first(struct compliance *compliance)
{
    struct witnessing *witnessing = compliance->witnessing;
    struct edition *edition = malloc(sizeof(*edition));

    CHECK(edition != NULL);
    if (witnessing_asks_first(compliance, compliance->state.machine) &&
        edition_gather(edition, compliance->state.machine)) {
        for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
            struct talker *talker = &witnessing->talkers[slot];
            struct witness_view witness;

            if (archive_witness(compliance->state.machine, slot, &witness)) {
                begin(talker, edition, &witness);
                talker->is_first = talker->is_working;
                witnessing->first_left += talker->is_working;
            }
        }
    }
    witnessing->is_first = witnessing->first_left > 0;
    if (!witnessing->is_first) {
        proposer_release(compliance->proposer, NULL);
    }
    free(edition);
}

static bool is_due(const struct talker *talker, uint64_t index)
{
    return !talker->is_working && !talker->is_saying &&
           talker->done_index != index && now_us(talker) >= talker->retry_us;
}

static void ask_all(struct compliance *compliance)
{
    struct witnessing *witnessing = compliance->witnessing;
    struct edition *edition = malloc(sizeof(*edition));

    CHECK(edition != NULL);
    if (edition_gather(edition, compliance->state.machine) &&
        edition->is_signed &&
        edition->size <= scribe_durable(compliance->scribe)) {
        for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
            struct talker *talker = &witnessing->talkers[slot];
            struct witness_view witness;

            if (archive_witness(compliance->state.machine, slot, &witness) &&
                is_due(talker, edition->index)) {
                begin(talker, edition, &witness);
            }
        }
    }
    free(edition);
}

/* --- Showing --- */

void witnessing_view(const struct compliance *compliance, uint32_t slot,
                     struct witnessing_view *view_out)
{
    const struct talker *talker = &compliance->witnessing->talkers[slot];
    struct witness_view witness;
    struct archive_view archive;
    int64_t since_us;

    *view_out = (struct witnessing_view){
        .is_asking = talker->is_working,
        .attempts = talker->attempts,
        .error = talker->error,
    };
    archive_view(compliance->state.machine, &archive);
    if (!archive_witness(compliance->state.machine, slot, &witness) ||
        !archive.published.is ||
        (witness.size == archive.published.size &&
         witness.at_us >= archive.published.begun_us)) {
        return;
    }
    since_us = witness.at_us == 0 ? archive.published.begun_us : witness.at_us;
    since_us = loop_wall_us(compliance->settings.loop) - since_us;
    view_out->behind_s = since_us < 0 ? 0 : (uint32_t)(since_us / 1000000);
}

static void measure(struct compliance *compliance)
{
    uint32_t worst_s = 0;

    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct witnessing_view view;

        witnessing_view(compliance, slot, &view);
        worst_s = view.behind_s > worst_s ? view.behind_s : worst_s;
    }
    meter_set(&compliance->meters.witness_behind_s, worst_s);
}

/* --- The part --- */

static void work(struct compliance *compliance)
{
    struct archive_view archive;

    measure(compliance);
    archive_view(compliance->state.machine, &archive);
    if (compliance->role == REPLICA_LEADER && archive.published.is &&
        !archive.halted && compliance->settings.witnesses != NULL) {
        ask_all(compliance);
    }
}

/* A new leader asks at once, whatever the last one was told. */
static void changed(struct compliance *compliance)
{
    if (compliance->role != REPLICA_LEADER) {
        for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
            struct talker *talker = &compliance->witnessing->talkers[slot];

            talker->done_index = 0;
            talker->retry_us = 0;
            talker->attempts = 0;
            talker->error[0] = '\0';
        }
    }
    if (compliance->state.machine != NULL) {
        work(compliance);
    }
}

static void start(struct compliance *compliance)
{
    ask_first(compliance);
    work(compliance);
}

struct witnessing *witnessing_new(struct compliance *compliance)
{
    struct witnessing *witnessing = calloc(1, sizeof(*witnessing));

    CHECK(witnessing != NULL);
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        witnessing->talkers[slot].compliance = compliance;
        witnessing->talkers[slot].slot = slot;
    }
    return witnessing;
}

void witnessing_free(struct witnessing *witnessing)
{
    if (witnessing == NULL) {
        return;
    }
    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        struct talker *talker = &witnessing->talkers[slot];

        worker_free(talker->worker);
        tiles_close(talker->tiles);
        buffer_deinit(&talker->talk.note);
    }
    free(witnessing);
}

const struct compliance_part witnessing_part = {
    .name = "witnessing",
    .start = start,
    .tick = work,
    .committed = work,
    .written = work,
    .changed = changed,
    .restored = work,
};

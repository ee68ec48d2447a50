#include "node/compliance/witnessing_parts.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/edition.h"
#include "node/compliance/scribe.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

struct witnessing {
    bool is_first; /* The start of this node waits for what they say. */
    unsigned first_left;
    struct talker talkers[ARCHIVE_WITNESSES_MAX];
};

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
        witnessing_say(talker);
        break;
    case WITNESS_END_AHEAD:
    case WITNESS_END_FORKED:
        witnessing_note_set_back(talker);
        break;
    case WITNESS_END_FAILED:
        witnessing_note_failure(talker);
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
           talker->done_index != index &&
           loop_now_us(talker->compliance->settings.loop) >= talker->retry_us;
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

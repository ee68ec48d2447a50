/* What comes of a talk with a witness: what the pool is told, and when it is
 * tried again. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "node/chat/outcome.h"
#include "node/compliance/witnessing_parts.h"
#include "proto/base/journal.h"

static uint64_t now_us(const struct talker *talker)
{
    return loop_now_us(talker->compliance->settings.loop);
}

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

void witnessing_say(struct talker *talker)
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

void witnessing_note_failure(struct talker *talker)
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

void witnessing_note_set_back(struct talker *talker)
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

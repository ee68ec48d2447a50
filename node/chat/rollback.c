#include "node/chat/rollback.h"

#include <string.h>

#include "node/chat/adapter.h"
#include "node/chat/archive_mode.h"
#include "node/chat/ledger.h"
#include "node/chat/refill.h"
#include "node/chat/revise.h"
#include "node/chat/witness.h"
#include "proto/base/check.h"

/* Another history is worse than a longer one, which is worse than a shorter. */
static bool is_known(const struct halt *halt, const Perch__ArchiveHalt *command)
{
    if (halt->witness == NULL) {
        return false;
    }
    return halt->forked || (!command->forked && command->size <= halt->size);
}

static enum outcome check_halt(const struct machine *machine,
                               const Perch__ArchiveHalt *command)
{
    const struct archive *archive = &machine->archive;

    if (archive->origin == NULL) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if (witness_find(machine, codec_slice(command->witness)) ==
        ARCHIVE_WITNESSES_MAX) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    if (!command->forked && command->size <= machine->ledger.frontier.size) {
        return OUTCOME_HALT_UNFOUNDED;
    }
    return is_known(&archive->halt, command) ? OUTCOME_REPEATED : OUTCOME_DONE;
}

enum outcome archive_halt(struct turn *turn, const Perch__ArchiveHalt *command)
{
    struct machine *machine = turn->machine;
    struct halt *halt = &machine->archive.halt;
    enum outcome outcome = check_halt(machine, command);

    turn->value = command->size;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }

    if (halt->witness == NULL) {
        halt->at_us = turn->sent_at_us;
        halt->records = machine->ledger.frontier.size;
    }
    text_replace(&halt->witness, codec_slice(command->witness));
    halt->size = command->size;
    halt->forked = command->forked;
    archive_mark_row(machine);
    effects_event(turn->effects, EVENT_ARCHIVE_HALTED)->message_id =
        command->size;
    return OUTCOME_DONE;
}

void archive_started(struct turn *turn, const Perch__NodeStarted *command)
{
    Perch__ArchiveHalt halt = PERCH__ARCHIVE_HALT__INIT;
    uint64_t value = turn->value;

    if (command->witness.len > 0 &&
        slice_equal(codec_slice(command->witness_origin),
                    text_slice(turn->machine->archive.origin))) {
        halt.witness = command->witness;
        halt.size = command->witness_size;
        halt.forked = command->witness_forked;
        archive_halt(turn, &halt);
        turn->value = value;
    }
}

static void end_halt(struct archive *archive)
{
    if (archive->halt.witness != NULL) {
        text_free(archive->ended.witness);
        archive->ended = archive->halt;
        archive->halt = (struct halt){0};
    }
}

static enum outcome check_refill(struct turn *turn,
                                 const Perch__ArchiveRefill *command)
{
    const struct machine *machine = turn->machine;
    const struct halt *halt = &machine->archive.halt;
    uint64_t next = machine->ledger.frontier.size;

    if (halt->witness == NULL) {
        return OUTCOME_ARCHIVE_NOT_HALTED;
    }
    if (halt->forked) {
        return OUTCOME_ARCHIVE_FORKED;
    }
    if (command->first_csn != next) {
        turn->value = next;
        return OUTCOME_REFILL_POSITION;
    }
    if (command->n_records == 0) {
        return OUTCOME_REFILL_EMPTY;
    }
    if (command->n_records > REFILLS_MAX ||
        command->n_records > halt->size - next) {
        return OUTCOME_REFILL_TOO_MANY;
    }
    turn->value = refill_check(turn, command);
    return turn->value < command->n_records ? OUTCOME_REFILL_INVALID
                                            : OUTCOME_DONE;
}

static void tell_refill(struct turn *turn, const Perch__ArchiveRefill *command)
{
    struct archive *archive = &turn->machine->archive;
    uint64_t size = turn->machine->ledger.frontier.size;
    struct event *event;

    turn->value = size;
    if (size == archive->halt.size) {
        end_halt(archive);
        archive_mark_row(turn->machine);
        effects_event(turn->effects, EVENT_ROLLBACK_ENDED)->message_id = size;
    }
    event = effects_event(turn->effects, EVENT_ARCHIVE_REFILLED);
    event->message_id = command->first_csn;
    event->position = (uint32_t)command->n_records;
}

enum outcome archive_refill(struct turn *turn,
                            const Perch__ArchiveRefill *command)
{
    enum outcome outcome = check_refill(turn, command);

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    for (size_t i = 0; i < command->n_records; i++) {
        CHECK(ledger_refill(turn, codec_slice(command->records[i])));
    }
    refill_messages(turn, command);
    tell_refill(turn, command);
    return OUTCOME_DONE;
}

static enum outcome check_reopen(const struct machine *machine,
                                 const Perch__ArchiveReopen *command)
{
    const struct archive *archive = &machine->archive;
    struct slice origin = codec_slice(command->origin);
    enum outcome outcome;

    if (archive->mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    outcome = reason_check(codec_slice(command->reason), true);
    if (outcome == OUTCOME_DONE) {
        outcome = archive_check_origin(machine, origin);
    }
    return outcome == OUTCOME_DONE &&
                   slice_equal(origin, text_slice(archive->origin))
               ? OUTCOME_ARCHIVE_ORIGIN_USED
               : outcome;
}

/* What the nodes' files have is of the old origin. Their keys stay. */
static void begin_keepers(struct archive *archive)
{
    for (int node = 1; node < ARCHIVE_NODES; node++) {
        struct keeper *keeper = archive->keepers[node];

        if (keeper != NULL) {
            keeper->records = 0;
            keeper->diverged_size = 0;
            keeper->lag = (struct lag){0};
        }
    }
    memset(&archive->open, 0, sizeof(archive->open));
    memset(&archive->published, 0, sizeof(archive->published));
}

static void begin_others(struct turn *turn)
{
    struct machine *machine = turn->machine;

    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        if (machine->witnesses[slot] != NULL) {
            witness_begin(turn, slot);
        }
    }
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        if (machine->adapters[slot] != NULL) {
            adapter_begin(turn, machine->adapters[slot]);
        }
    }
}

enum outcome archive_reopen(struct turn *turn,
                            const Perch__ArchiveReopen *command)
{
    struct machine *machine = turn->machine;
    struct archive *archive = &machine->archive;
    enum outcome outcome = check_reopen(machine, command);

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    text_replace(&archive->past.origin, text_slice(archive->origin));
    archive->past.records = machine->ledger.frontier.size;
    merkle_root(&machine->ledger.frontier, &archive->past.root);
    archive->past.seen = archive->halt.witness == NULL ? 0 : archive->halt.size;
    end_halt(archive);
    ledger_restart(machine);
    begin_keepers(archive);
    begin_others(turn);
    archive_begin_origin(turn, codec_slice(command->origin));
    turn->value = archive->origins;
    return OUTCOME_DONE;
}

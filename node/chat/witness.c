#include "node/chat/witness.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

uint32_t witness_find(const struct machine *machine, struct slice name)
{
    uint32_t slot = 0;

    while (slot < ARCHIVE_WITNESSES_MAX &&
           (machine->witnesses[slot] == NULL ||
            !slice_equal(text_slice(machine->witnesses[slot]->name), name))) {
        slot += 1;
    }
    return slot;
}

static uint32_t free_slot(const struct machine *machine)
{
    uint32_t slot = 0;

    while (slot < ARCHIVE_WITNESSES_MAX && machine->witnesses[slot] != NULL) {
        slot += 1;
    }
    return slot;
}

void witness_free(struct witness *witness)
{
    if (witness != NULL) {
        text_free(witness->name);
        text_free(witness->url);
        free(witness);
    }
}

static void mark(struct turn *turn, uint32_t slot)
{
    changes_mark(&turn->machine->changes, ROW_WITNESS, slot, 0, 0);
}

static void tell(struct turn *turn, uint32_t slot, bool is_in)
{
    struct event *event = effects_event(turn->effects, EVENT_WITNESS_CHANGED);

    event->position = slot;
    event->is_in = is_in;
    turn->value = slot;
    mark(turn, slot);
}

/* As a key's name, and visible. */
static bool is_name(struct slice name)
{
    return text_is_visible(name, NOTE_NAME_BYTES_MAX) &&
           memchr(name.data, '+', name.len) == NULL;
}

static bool is_same(const struct witness *witness,
                    const Perch__WitnessPut *command)
{
    return slice_equal(text_slice(witness->url), codec_slice(command->url)) &&
           memcmp(witness->public_key, command->public_key.data,
                  NOTE_KEY_BYTES) == 0;
}

static enum outcome check_put(const struct machine *machine,
                              const Perch__WitnessPut *command)
{
    uint32_t slot = witness_find(machine, codec_slice(command->name));

    if (!is_name(codec_slice(command->name))) {
        return OUTCOME_WITNESS_NAME_INVALID;
    }
    if (!text_is_web_url(codec_slice(command->url), ARCHIVE_URL_BYTES_MAX)) {
        return OUTCOME_WITNESS_URL_INVALID;
    }
    if (command->public_key.len != NOTE_KEY_BYTES) {
        return OUTCOME_ARCHIVE_KEY_INVALID;
    }
    if (slot < ARCHIVE_WITNESSES_MAX) {
        return is_same(machine->witnesses[slot], command) ? OUTCOME_REPEATED
                                                          : OUTCOME_DONE;
    }
    return free_slot(machine) == ARCHIVE_WITNESSES_MAX ? OUTCOME_WITNESSES_FULL
                                                       : OUTCOME_DONE;
}

void witness_begin(struct turn *turn, uint32_t slot)
{
    struct witness *witness = turn->machine->witnesses[slot];
    uint64_t size = turn->machine->ledger.frontier.size;

    witness->put_us = turn->sent_at_us;
    witness->size = 0;
    witness->time_s = 0;
    witness->at_us = 0;
    memset(witness->cosignature, 0, sizeof(witness->cosignature));
    lag_heard(&witness->lag, 0, size, turn->sent_at_us);
    mark(turn, slot);
}

static uint32_t add(struct machine *machine, struct slice name)
{
    struct witness *witness = calloc(1, sizeof(*witness));
    uint32_t slot = free_slot(machine);

    CHECK(witness != NULL && slot < ARCHIVE_WITNESSES_MAX);
    witness->name = text_new(name);
    machine->witnesses[slot] = witness;
    machine->counts[ROW_WITNESS] += 1;
    return slot;
}

enum outcome witness_put(struct turn *turn, const Perch__WitnessPut *command)
{
    struct machine *machine = turn->machine;
    struct slice name = codec_slice(command->name);
    uint32_t slot = witness_find(machine, name);
    enum outcome outcome = check_put(machine, command);
    struct witness *witness;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    if (slot == ARCHIVE_WITNESSES_MAX) {
        slot = add(machine, name);
    }
    witness = machine->witnesses[slot];
    text_replace(&witness->url, codec_slice(command->url));
    if (memcmp(witness->public_key, command->public_key.data, NOTE_KEY_BYTES) !=
        0) {
        memcpy(witness->public_key, command->public_key.data, NOTE_KEY_BYTES);
        witness_begin(turn, slot);
    }
    tell(turn, slot, true);
    return OUTCOME_DONE;
}

enum outcome witness_remove(struct turn *turn,
                            const Perch__WitnessRemove *command)
{
    struct machine *machine = turn->machine;
    uint32_t slot = witness_find(machine, codec_slice(command->name));

    if (slot == ARCHIVE_WITNESSES_MAX) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    witness_free(machine->witnesses[slot]);
    machine->witnesses[slot] = NULL;
    machine->counts[ROW_WITNESS] -= 1;
    tell(turn, slot, false);
    return OUTCOME_DONE;
}

static enum outcome check_word(const struct machine *machine,
                               const struct witness *witness,
                               const Perch__Witnessed *command)
{
    const struct checkpoint *published = &machine->archive.published;

    if (command->size == 0 || command->time_s == 0 ||
        command->cosignature.len != NOTE_SIGNATURE_BYTES) {
        return OUTCOME_COSIGNATURE_INVALID;
    }
    if (command->size < witness->size || command->time_s < witness->time_s) {
        return OUTCOME_WITNESS_BACKWARD;
    }
    return !published->is || command->size > published->size
               ? OUTCOME_WITNESS_AHEAD
               : OUTCOME_DONE;
}

enum outcome witnessed(struct turn *turn, const Perch__Witnessed *command)
{
    struct machine *machine = turn->machine;
    uint32_t slot = witness_find(machine, codec_slice(command->name));
    struct witness *witness;
    enum outcome outcome;

    if (slot == ARCHIVE_WITNESSES_MAX) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    turn->value = slot;
    witness = machine->witnesses[slot];
    outcome = check_word(machine, witness, command);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }

    witness->size = command->size;
    witness->time_s = command->time_s;
    witness->at_us = turn->sent_at_us;
    memcpy(witness->cosignature, command->cosignature.data,
           NOTE_SIGNATURE_BYTES);
    lag_heard(&witness->lag, witness->size, machine->ledger.frontier.size,
              turn->sent_at_us);
    mark(turn, slot);
    effects_event(turn->effects, EVENT_WITNESSED)->message_id = witness->size;
    turn->effects->events[turn->effects->n_events - 1].position = slot;
    return OUTCOME_DONE;
}

#include "node/chat/archive_gate.h"

#include "node/chat/archive_key.h"
#include "node/chat/archive_mode.h"

static uint32_t behind_s(const struct machine *machine)
{
    return machine->settings[SETTING_ARCHIVE_BEHIND_S];
}

static int64_t later(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

/* Nodes need a moment before their files are complete: after they were given a
 * key, and after the archive was made required. */
static bool is_graced(const struct machine *machine,
                      const struct keeper *keeper, int64_t now_us)
{
    int64_t since_us = later(machine->archive.required_us, keeper->keyed_us);

    return now_us - since_us <= (int64_t)behind_s(machine) * 1000000;
}

static bool is_near(const struct machine *machine, const struct keeper *keeper,
                    int64_t now_us)
{
    uint64_t size = machine->ledger.frontier.size;
    uint64_t lacks = size > keeper->records ? size - keeper->records : 0;

    return lacks <= machine->settings[SETTING_ARCHIVE_BEHIND_RECORDS] &&
           !lag_is_long(&keeper->lag, now_us, 0, behind_s(machine));
}

static bool is_fine(const struct machine *machine, const struct keeper *keeper,
                    int64_t now_us)
{
    return keeper->state == PERCH__ARCHIVE_MARK__STATE__FINE &&
           keeper->diverged_size == 0 &&
           (is_graced(machine, keeper, now_us) ||
            is_near(machine, keeper, now_us));
}

/* Whether a majority of the nodes that have a key keep up. */
static bool is_kept(const struct machine *machine, int64_t now_us)
{
    unsigned fine = 0;

    for (int node = 1; node < ARCHIVE_NODES; node++) {
        const struct keeper *keeper = machine->archive.keepers[node];

        fine += keeper != NULL && keeper->has_key &&
                is_fine(machine, keeper, now_us);
    }
    return fine * 2 > archive_keys(machine);
}

static bool is_witnessed(const struct machine *machine, int64_t now_us)
{
    for (int slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        const struct witness *witness = machine->witnesses[slot];

        if (witness != NULL &&
            lag_is_long(&witness->lag, now_us,
                        later(machine->archive.required_us, witness->put_us),
                        behind_s(machine))) {
            return false;
        }
    }
    return true;
}

static bool is_late(const struct machine *machine,
                    const struct adapter *adapter, int64_t now_us)
{
    const struct lag lag = {.since_us = adapter->lacking_us};

    return !adapter->disabled &&
           lag_is_long(&lag, now_us,
                       later(machine->archive.required_us, adapter->enabled_us),
                       (uint64_t)adapter->run_interval_s + behind_s(machine));
}

static bool is_delivered(const struct machine *machine, int64_t now_us)
{
    for (int slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        const struct adapter *adapter = machine->adapters[slot];

        if (adapter != NULL && is_late(machine, adapter, now_us)) {
            return false;
        }
    }
    return true;
}

enum outcome archive_gate(const struct machine *machine, int64_t now_us)
{
    const struct archive *archive = &machine->archive;

    if (archive->halt.witness != NULL) {
        return OUTCOME_ARCHIVE_ROLLED_BACK;
    }
    if (archive->mode != PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED) {
        return OUTCOME_DONE;
    }
    return is_kept(machine, now_us) && is_witnessed(machine, now_us) &&
                   is_delivered(machine, now_us)
               ? OUTCOME_DONE
               : OUTCOME_ARCHIVE_UNAVAILABLE;
}

static void grow_keepers(struct turn *turn)
{
    struct archive *archive = &turn->machine->archive;

    for (int node = 1; node < ARCHIVE_NODES; node++) {
        if (archive->keepers[node] != NULL &&
            lag_grown(&archive->keepers[node]->lag, turn->sent_at_us)) {
            archive_mark_row(turn->machine);
        }
    }
}

static void grow_witnesses(struct turn *turn)
{
    struct machine *machine = turn->machine;

    for (uint32_t slot = 0; slot < ARCHIVE_WITNESSES_MAX; slot++) {
        if (machine->witnesses[slot] != NULL &&
            lag_grown(&machine->witnesses[slot]->lag, turn->sent_at_us)) {
            changes_mark(&machine->changes, ROW_WITNESS, slot, 0, 0);
        }
    }
}

/* Cuts and deliveries are nothing to be delivered by themselves. */
static void grow_adapters(struct turn *turn)
{
    struct machine *machine = turn->machine;

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter *adapter = machine->adapters[slot];

        if (adapter != NULL && adapter->lacking_us == 0 &&
            adapter->acked_csn < machine->ledger.records_talk) {
            adapter->lacking_us = turn->sent_at_us;
            changes_mark(&machine->changes, ROW_ADAPTER, slot, 0, 0);
        }
    }
}

void archive_grown(struct turn *turn)
{
    if (turn->effects->records.n > 0) {
        grow_keepers(turn);
        grow_witnesses(turn);
        grow_adapters(turn);
    }
}

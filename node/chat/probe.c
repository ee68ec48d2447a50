#include "node/chat/probe.h"

enum outcome probe_put(struct turn *turn, const Perch__Probe *command)
{
    struct machine *machine = turn->machine;
    struct probe *probe;

    if (command->slot >= PROBE_SLOTS) {
        return OUTCOME_PROBE_SLOT_UNKNOWN;
    }
    if (command->payload.len > PROBE_BYTES_MAX) {
        return OUTCOME_PROBE_TOO_LONG;
    }

    probe = &machine->probes[command->slot];
    machine->counts[ROW_PROBE] += probe->log_index == 0;
    probe->log_index = turn->entry->index;
    text_replace(&probe->payload, codec_slice(command->payload));
    changes_mark(&machine->changes, ROW_PROBE, command->slot, 0, 0);
    turn->value = probe->log_index;
    return OUTCOME_DONE;
}

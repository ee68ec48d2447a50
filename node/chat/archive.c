#include "node/chat/archive.h"

#include <string.h>

#include "node/chat/ledger.h"
#include "node/chat/state.h"
#include "proto/base/check.h"

static void show_checkpoint(const struct checkpoint *checkpoint,
                            struct checkpoint_view *view_out)
{
    *view_out = (struct checkpoint_view){
        .is = checkpoint->is,
        .size = checkpoint->size,
        .root = checkpoint->root,
        .begun_us = checkpoint->begun_us,
        .index = checkpoint->index,
        .is_signed = checkpoint->is_signed,
        .n = checkpoint->n,
        .cosignatures = checkpoint->cosignatures,
    };
    memcpy(view_out->log_signature, checkpoint->log_signature,
           NOTE_SIGNATURE_BYTES);
}

void archive_view(const struct machine *machine, struct archive_view *view_out)
{
    const struct archive *archive = &machine->archive;

    *view_out = (struct archive_view){
        .mode = (Perch__ArchiveMode)archive->mode,
        .origin = text_slice(archive->origin),
        .origins = archive->origins,
        .begun_index = archive->begun_index,
        .records = machine->ledger.frontier.size,
        .records_talk = machine->ledger.records_talk,
        .record_us = machine->ledger.record_us,
        .halted = archive->halt.witness != NULL,
        .halted_by = text_slice(archive->halt.witness),
        .halted_size = archive->halt.size,
        .halted_us = archive->halt.at_us,
        .halted_forked = archive->halt.forked,
    };
    show_checkpoint(&archive->open, &view_out->open);
    show_checkpoint(&archive->published, &view_out->published);
}

void archive_root(const struct machine *machine, struct merkle_hash *root_out)
{
    merkle_root(&machine->ledger.frontier, root_out);
}

bool archive_past(const struct machine *machine,
                  struct archive_past_view *view_out)
{
    const struct past *past = &machine->archive.past;

    *view_out = (struct archive_past_view){
        text_slice(past->origin), past->records, past->root, past->seen};
    return past->origin != NULL;
}

bool archive_ended(const struct machine *machine,
                   struct archive_ended_view *view_out)
{
    const struct halt *ended = &machine->archive.ended;

    *view_out = (struct archive_ended_view){
        text_slice(ended->witness), ended->size, ended->records, ended->at_us};
    return ended->witness != NULL;
}

bool archive_withholds(const struct machine *machine,
                       const Perch__Command *command, size_t bytes)
{
    return machine->archive.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
           (ledger_is_secret(command) ||
            bytes > machine->settings[SETTING_ARCHIVE_INLINE_BYTES_MAX]);
}

bool archive_node(const struct machine *machine, uint8_t node,
                  struct archive_node_view *view_out)
{
    const struct keeper *keeper = machine->archive.keepers[node];

    if (keeper == NULL) {
        return false;
    }
    *view_out = (struct archive_node_view){
        .records = keeper->records,
        .marked_us = keeper->marked_us,
        .state = (Perch__ArchiveMark__State)keeper->state,
        .has_key = keeper->has_key,
        .diverged_size = keeper->diverged_size,
    };
    view_out->keyed_us = keeper->keyed_us;
    memcpy(view_out->public_key, keeper->public_key, NOTE_KEY_BYTES);
    return true;
}

bool archive_log_key(const struct machine *machine,
                     uint8_t public_out[NOTE_KEY_BYTES])
{
    if (!machine->archive.has_log_key) {
        return false;
    }
    memcpy(public_out, machine->archive.log_key, NOTE_KEY_BYTES);
    return true;
}

bool archive_witness(const struct machine *machine, uint32_t slot,
                     struct witness_view *view_out)
{
    const struct witness *witness;

    CHECK(slot < ARCHIVE_WITNESSES_MAX);
    witness = machine->witnesses[slot];
    if (witness == NULL) {
        return false;
    }
    *view_out = (struct witness_view){
        .name = text_slice(witness->name),
        .url = text_slice(witness->url),
        .size = witness->size,
        .time_s = witness->time_s,
        .at_us = witness->at_us,
    };
    memcpy(view_out->public_key, witness->public_key, NOTE_KEY_BYTES);
    memcpy(view_out->cosignature, witness->cosignature, NOTE_SIGNATURE_BYTES);
    return true;
}

bool archive_adapter(const struct machine *machine, uint32_t slot,
                     struct adapter_view *view_out)
{
    const struct adapter *adapter;

    CHECK(slot < ARCHIVE_ADAPTERS_MAX);
    adapter = machine->adapters[slot];
    if (adapter == NULL) {
        return false;
    }
    *view_out = (struct adapter_view){
        .slot = slot,
        .version = adapter->version,
        .name = text_slice(adapter->name),
        .type = (Perch__AdapterType)adapter->type,
        .output = text_slice(adapter->output),
        .run_interval_s = adapter->run_interval_s,
        .one_room_per_file = adapter->one_room_per_file,
        .room_details = adapter->room_details,
        .user_details = adapter->user_details,
        .attachments_manifest = adapter->attachments_manifest,
        .disabled = adapter->disabled,
        .transform = text_slice(adapter->transform),
        .program = text_slice(adapter->program),
        .from_csn = adapter->from_csn,
        .cut_csn = adapter->cut_csn,
        .acked_csn = adapter->acked_csn,
        .past_acked = adapter->past_acked,
        .cut_us = adapter->cut_us,
        .acked_us = adapter->acked_us,
        .n_cuts = adapter->n_cuts,
        .cuts = adapter->cuts,
        .error = text_slice(adapter->error),
        .attempts = adapter->attempts,
    };
    memcpy(view_out->sheet, adapter->sheet, sizeof(view_out->sheet));
    return true;
}

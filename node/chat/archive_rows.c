#include "node/chat/archive_rows.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/adapter.h"
#include "node/chat/archive_key.h"
#include "node/chat/archive_mode.h"
#include "node/chat/state.h"
#include "node/chat/witness.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

static void *take(struct arena *scratch, size_t bytes)
{
    void *memory = arena_alloc(scratch, bytes);

    CHECK(memory != NULL);
    return memory;
}

static Perch__Stored__Lag *fill_lag(const struct lag *lag,
                                    struct arena *scratch)
{
    Perch__Stored__Lag *row = take(scratch, sizeof(*row));

    perch__stored__lag__init(row);
    CODEC_SET(row, since_us, lag->since_us);
    CODEC_SET(row, size, lag->size);
    CODEC_SET(row, heard_us, lag->heard_us);
    return row;
}

static void fill_keeper(const struct keeper *keeper, int node,
                        struct arena *scratch,
                        Perch__Stored__Archive__Node *row)
{
    perch__stored__archive__node__init(row);
    CODEC_SET(row, node, (uint32_t)node);
    CODEC_SET(row, records, keeper->records);
    if (keeper->marked_us != 0) {
        CODEC_SET(row, marked_us, keeper->marked_us);
        CODEC_SET(row, state, keeper->state);
        CODEC_SET(row, epoch, keeper->epoch);
    }
    if (keeper->has_key) {
        CODEC_SET_BYTES(row, public_key,
                        slice_of(keeper->public_key, NOTE_KEY_BYTES));
        CODEC_SET(row, keyed_us, keeper->keyed_us);
    }
    if (keeper->diverged_size != 0) {
        CODEC_SET(row, diverged_size, keeper->diverged_size);
    }
    row->lag = fill_lag(&keeper->lag, scratch);
}

static void fill_keepers(const struct archive *archive, struct arena *scratch,
                         Perch__Stored__Archive *row)
{
    Perch__Stored__Archive__Node *rows =
        take(scratch, ARCHIVE_NODES * sizeof(*rows));

    row->nodes = take(scratch, ARCHIVE_NODES * sizeof(*row->nodes));
    for (int node = 1; node < ARCHIVE_NODES; node++) {
        if (archive->keepers[node] != NULL) {
            fill_keeper(archive->keepers[node], node, scratch,
                        &rows[row->n_nodes]);
            row->nodes[row->n_nodes] = &rows[row->n_nodes];
            row->n_nodes += 1;
        }
    }
}

static void fill_cosignatures(const struct checkpoint *checkpoint,
                              struct arena *scratch,
                              Perch__Stored__Archive__Checkpoint *row)
{
    size_t n = checkpoint->n;
    Perch__Stored__Archive__Cosignature *rows =
        take(scratch, n * sizeof(*rows));

    row->n_cosignatures = n;
    row->cosignatures = take(scratch, n * sizeof(*row->cosignatures));
    for (size_t i = 0; i < n; i++) {
        const struct archive_cosignature *from = &checkpoint->cosignatures[i];

        perch__stored__archive__cosignature__init(&rows[i]);
        CODEC_SET(&rows[i], node, from->node);
        CODEC_SET(&rows[i], time_s, from->time_s);
        CODEC_SET_BYTES(&rows[i], bytes,
                        slice_of(from->bytes, NOTE_SIGNATURE_BYTES));
        row->cosignatures[i] = &rows[i];
    }
}

/* NULL for one that is not. */
static Perch__Stored__Archive__Checkpoint *fill_checkpoint(
    const struct checkpoint *checkpoint, struct arena *scratch)
{
    Perch__Stored__Archive__Checkpoint *row;

    if (!checkpoint->is) {
        return NULL;
    }
    row = take(scratch, sizeof(*row));
    perch__stored__archive__checkpoint__init(row);
    CODEC_SET(row, size, checkpoint->size);
    CODEC_SET_BYTES(row, root,
                    slice_of(checkpoint->root.bytes, MERKLE_HASH_BYTES));
    CODEC_SET(row, begun_us, checkpoint->begun_us);
    CODEC_SET(row, index, checkpoint->index);
    if (checkpoint->is_signed) {
        CODEC_SET_BYTES(
            row, log_signature,
            slice_of(checkpoint->log_signature, NOTE_SIGNATURE_BYTES));
    }
    if (checkpoint->n > 0) {
        fill_cosignatures(checkpoint, scratch, row);
    }
    return row;
}

static Perch__Stored__Archive__Halt *fill_halt(const struct halt *halt,
                                               struct arena *scratch)
{
    Perch__Stored__Archive__Halt *row;

    if (halt->witness == NULL) {
        return NULL;
    }
    row = take(scratch, sizeof(*row));
    perch__stored__archive__halt__init(row);
    CODEC_SET_BYTES(row, witness, text_slice(halt->witness));
    CODEC_SET(row, size, halt->size);
    CODEC_SET(row, at_us, halt->at_us);
    CODEC_SET(row, records, halt->records);
    CODEC_SET(row, forked, halt->forked);
    return row;
}

static Perch__Stored__Archive__Past *fill_past(const struct past *past,
                                               struct arena *scratch)
{
    Perch__Stored__Archive__Past *row;

    if (past->origin == NULL) {
        return NULL;
    }
    row = take(scratch, sizeof(*row));
    perch__stored__archive__past__init(row);
    CODEC_SET_BYTES(row, origin, text_slice(past->origin));
    CODEC_SET(row, records, past->records);
    CODEC_SET_BYTES(row, root, slice_of(past->root.bytes, MERKLE_HASH_BYTES));
    CODEC_SET(row, seen, past->seen);
    return row;
}

bool encode_archive(const struct machine *machine, const struct row_key *key,
                    struct arena *scratch, struct buffer *to)
{
    const struct archive *archive = &machine->archive;
    Perch__Stored__Archive row = PERCH__STORED__ARCHIVE__INIT;

    (void)key;
    if (machine->counts[ROW_ARCHIVE] == 0) {
        return false;
    }
    CODEC_SET(&row, mode, archive->mode);
    CODEC_SET_BYTES(&row, origin, text_slice(archive->origin));
    CODEC_SET(&row, origins, archive->origins);
    if (archive->has_log_key) {
        CODEC_SET_BYTES(&row, log_key,
                        slice_of(archive->log_key, NOTE_KEY_BYTES));
    }
    CODEC_SET(&row, required_us, archive->required_us);
    fill_keepers(archive, scratch, &row);
    row.open = fill_checkpoint(&archive->open, scratch);
    row.published = fill_checkpoint(&archive->published, scratch);
    row.halt = fill_halt(&archive->halt, scratch);
    row.ended = fill_halt(&archive->ended, scratch);
    CODEC_SET(&row, begun_index, archive->begun_index);
    row.past = fill_past(&archive->past, scratch);
    codec_write(&row.base, to);
    return true;
}

static void load_lag(struct lag *lag, const Perch__Stored__Lag *row)
{
    if (row != NULL) {
        *lag = (struct lag){row->since_us, row->size, row->heard_us};
    }
}

static enum error load_keeper(struct machine *machine,
                              const Perch__Stored__Archive__Node *row)
{
    struct keeper *keeper;

    REQUIRE(row->node > 0 && row->node < ARCHIVE_NODES &&
            machine->archive.keepers[row->node] == NULL);
    REQUIRE(row->public_key.len == 0 || row->public_key.len == NOTE_KEY_BYTES);
    REQUIRE(row->state <= PERCH__ARCHIVE_MARK__STATE__FAILED);
    keeper = keeper_of(machine, (uint8_t)row->node);
    keeper->records = row->records;
    keeper->marked_us = row->marked_us;
    keeper->state = (uint8_t)row->state;
    keeper->has_key = row->public_key.len > 0;
    if (keeper->has_key) {
        memcpy(keeper->public_key, row->public_key.data, NOTE_KEY_BYTES);
    }
    keeper->keyed_us = row->keyed_us;
    keeper->diverged_size = row->diverged_size;
    keeper->epoch = row->epoch;
    load_lag(&keeper->lag, row->lag);
    return ERROR_NONE;
}

static enum error load_cosignature(
    struct checkpoint *checkpoint,
    const Perch__Stored__Archive__Cosignature *row)
{
    struct archive_cosignature *to = &checkpoint->cosignatures[checkpoint->n];

    REQUIRE(row->node > 0 && row->node < ARCHIVE_NODES &&
            row->bytes.len == NOTE_SIGNATURE_BYTES);
    REQUIRE(checkpoint->n == 0 || to[-1].node < row->node);
    to->node = (uint8_t)row->node;
    to->time_s = row->time_s;
    memcpy(to->bytes, row->bytes.data, NOTE_SIGNATURE_BYTES);
    checkpoint->n += 1;
    return ERROR_NONE;
}

static enum error load_checkpoint(struct checkpoint *checkpoint,
                                  const Perch__Stored__Archive__Checkpoint *row)
{
    if (row == NULL) {
        return ERROR_NONE;
    }
    REQUIRE(row->size > 0 && row->root.len == MERKLE_HASH_BYTES);
    REQUIRE(row->log_signature.len == 0 ||
            row->log_signature.len == NOTE_SIGNATURE_BYTES);
    REQUIRE(row->n_cosignatures < ARCHIVE_NODES);
    checkpoint->is = true;
    checkpoint->size = row->size;
    memcpy(checkpoint->root.bytes, row->root.data, MERKLE_HASH_BYTES);
    checkpoint->begun_us = row->begun_us;
    checkpoint->index = row->index;
    checkpoint->is_signed = row->log_signature.len > 0;
    if (checkpoint->is_signed) {
        memcpy(checkpoint->log_signature, row->log_signature.data,
               NOTE_SIGNATURE_BYTES);
    }
    for (size_t i = 0; i < row->n_cosignatures; i++) {
        TRY(load_cosignature(checkpoint, row->cosignatures[i]));
    }
    return ERROR_NONE;
}

static enum error load_halt(struct halt *halt,
                            const Perch__Stored__Archive__Halt *row)
{
    if (row == NULL) {
        return ERROR_NONE;
    }
    REQUIRE(row->witness.len > 0 && (row->forked || row->size > row->records));
    text_replace(&halt->witness, codec_slice(row->witness));
    halt->size = row->size;
    halt->at_us = row->at_us;
    halt->records = row->records;
    halt->forked = row->forked;
    return ERROR_NONE;
}

static enum error load_past(struct past *past,
                            const Perch__Stored__Archive__Past *row)
{
    if (row == NULL) {
        return ERROR_NONE;
    }
    REQUIRE(row->origin.len > 0 && row->root.len == MERKLE_HASH_BYTES);
    text_replace(&past->origin, codec_slice(row->origin));
    past->records = row->records;
    memcpy(past->root.bytes, row->root.data, MERKLE_HASH_BYTES);
    past->seen = row->seen;
    return ERROR_NONE;
}

enum error load_archive(struct machine *machine, const struct row_key *key,
                        const void *message)
{
    const Perch__Stored__Archive *row = message;
    struct archive *archive = &machine->archive;

    (void)key;
    REQUIRE(machine->counts[ROW_ARCHIVE] == 0 &&
            row->mode <= PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED);
    REQUIRE(row->log_key.len == 0 || row->log_key.len == NOTE_KEY_BYTES);
    REQUIRE(row->mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF ||
            (row->origin.len > 0 && row->log_key.len > 0));
    REQUIRE(row->origin.len <= ARCHIVE_ORIGIN_BYTES_MAX);
    archive->mode = (uint8_t)row->mode;
    text_replace(&archive->origin, codec_slice(row->origin));
    archive->origins = row->origins;
    archive->has_log_key = row->log_key.len > 0;
    if (archive->has_log_key) {
        memcpy(archive->log_key, row->log_key.data, NOTE_KEY_BYTES);
    }
    archive->required_us = row->required_us;
    for (size_t i = 0; i < row->n_nodes; i++) {
        TRY(load_keeper(machine, row->nodes[i]));
    }
    TRY(load_checkpoint(&archive->open, row->open));
    TRY(load_checkpoint(&archive->published, row->published));
    TRY(load_halt(&archive->halt, row->halt));
    TRY(load_halt(&archive->ended, row->ended));
    archive->begun_index = row->begun_index;
    TRY(load_past(&archive->past, row->past));
    machine->counts[ROW_ARCHIVE] = 1;
    return ERROR_NONE;
}

static void fill_cuts(const struct adapter *adapter, struct arena *scratch,
                      Perch__Stored__Adapter *row)
{
    Perch__Stored__Adapter__Cut *rows;

    if (adapter->n_cuts == 0) {
        return;
    }
    rows = take(scratch, adapter->n_cuts * sizeof(*rows));
    row->n_cuts = adapter->n_cuts;
    row->cuts = take(scratch, adapter->n_cuts * sizeof(*row->cuts));
    for (size_t i = 0; i < adapter->n_cuts; i++) {
        perch__stored__adapter__cut__init(&rows[i]);
        CODEC_SET(&rows[i], first_csn, adapter->cuts[i].first_csn);
        CODEC_SET(&rows[i], last_csn, adapter->cuts[i].last_csn);
        CODEC_SET(&rows[i], at_us, adapter->cuts[i].at_us);
        row->cuts[i] = &rows[i];
    }
}

/* What an administrator has said of it. */
static void fill_wishes(const struct adapter *adapter,
                        Perch__Stored__Adapter *row)
{
    CODEC_SET_BYTES(row, name, text_slice(adapter->name));
    CODEC_SET(row, version, adapter->version);
    CODEC_SET(row, type, adapter->type);
    CODEC_SET_BYTES(row, output, text_slice(adapter->output));
    CODEC_SET(row, run_interval_s, adapter->run_interval_s);
    CODEC_SET(row, one_room_per_file, adapter->one_room_per_file);
    CODEC_SET(row, room_details, adapter->room_details);
    CODEC_SET(row, user_details, adapter->user_details);
    CODEC_SET(row, attachments_manifest, adapter->attachments_manifest);
    CODEC_SET(row, disabled, adapter->disabled);
    CODEC_SET_BYTES(row, transform, text_slice(adapter->transform));
    CODEC_SET_BYTES(row, program, text_slice(adapter->program));
    CODEC_SET(row, enabled_us, adapter->enabled_us);
}

bool encode_adapter(const struct machine *machine, const struct row_key *key,
                    struct arena *scratch, struct buffer *to)
{
    const struct adapter *adapter = machine->adapters[key->part[0]];
    Perch__Stored__Adapter row = PERCH__STORED__ADAPTER__INIT;

    if (adapter == NULL) {
        return false;
    }
    fill_wishes(adapter, &row);
    CODEC_SET(&row, from_csn, adapter->from_csn);
    CODEC_SET(&row, cut_csn, adapter->cut_csn);
    CODEC_SET(&row, acked_csn, adapter->acked_csn);
    CODEC_SET(&row, cut_us, adapter->cut_us);
    CODEC_SET(&row, acked_us, adapter->acked_us);
    CODEC_SET(&row, lacking_us, adapter->lacking_us);
    CODEC_SET(&row, past_acked, adapter->past_acked);
    CODEC_SET_BYTES(&row, sheet, slice_of(adapter->sheet, RECORD_DIGEST_BYTES));
    fill_cuts(adapter, scratch, &row);
    CODEC_SET_BYTES(&row, error, text_slice(adapter->error));
    CODEC_SET(&row, attempts, adapter->attempts);
    codec_write(&row.base, to);
    return true;
}

static void load_wishes(struct adapter *adapter,
                        const Perch__Stored__Adapter *row)
{
    adapter->name = text_new(codec_slice(row->name));
    adapter->version = row->version;
    adapter->type = (uint8_t)row->type;
    adapter->output = text_new(codec_slice(row->output));
    adapter->run_interval_s = row->run_interval_s;
    adapter->one_room_per_file = row->one_room_per_file;
    adapter->room_details = row->room_details;
    adapter->user_details = row->user_details;
    adapter->attachments_manifest = row->attachments_manifest;
    adapter->disabled = row->disabled;
    adapter->transform = text_new(codec_slice(row->transform));
    adapter->program = text_new(codec_slice(row->program));
    adapter->enabled_us = row->enabled_us;
}

/* Cuts lie one behind the other, up to the last that was made. */
static enum error load_cuts(struct adapter *adapter,
                            const Perch__Stored__Adapter *row)
{
    uint64_t next = row->acked_csn;

    REQUIRE(row->n_cuts <= ARCHIVE_CUTS_MAX);
    for (size_t i = 0; i < row->n_cuts; i++) {
        const Perch__Stored__Adapter__Cut *cut = row->cuts[i];

        REQUIRE(cut->first_csn == next && cut->last_csn >= next);
        next = cut->last_csn + 1;
        adapter->cuts[i] =
            (struct cut_view){cut->first_csn, cut->last_csn, cut->at_us};
    }
    REQUIRE(next == row->cut_csn);
    adapter->n_cuts = row->n_cuts;
    return ERROR_NONE;
}

static enum error load_progress(struct adapter *adapter,
                                const Perch__Stored__Adapter *row)
{
    adapter->from_csn = row->from_csn;
    adapter->cut_csn = row->cut_csn;
    adapter->acked_csn = row->acked_csn;
    adapter->cut_us = row->cut_us;
    adapter->acked_us = row->acked_us;
    adapter->lacking_us = row->lacking_us;
    adapter->past_acked = row->past_acked;
    memcpy(adapter->sheet, row->sheet.data, RECORD_DIGEST_BYTES);
    adapter->error = text_new(codec_slice(row->error));
    adapter->attempts = row->attempts;
    return load_cuts(adapter, row);
}

enum error load_adapter(struct machine *machine, const struct row_key *key,
                        const void *message)
{
    const Perch__Stored__Adapter *row = message;
    struct adapter *adapter;
    enum error error;

    REQUIRE(key->part[0] < ARCHIVE_ADAPTERS_MAX &&
            machine->adapters[key->part[0]] == NULL);
    REQUIRE(adapter_is_name(codec_slice(row->name)) &&
            adapter_find(machine, codec_slice(row->name)) == NULL);
    REQUIRE(row->sheet.len == RECORD_DIGEST_BYTES && row->version > 0);

    adapter = calloc(1, sizeof(*adapter));
    CHECK(adapter != NULL);
    adapter->slot = (uint32_t)key->part[0];
    load_wishes(adapter, row);
    error = load_progress(adapter, row);
    if (error != ERROR_NONE) {
        adapter_free(adapter);
        return error;
    }
    machine->adapters[adapter->slot] = adapter;
    machine->counts[ROW_ADAPTER] += 1;
    return ERROR_NONE;
}

bool encode_witness(const struct machine *machine, const struct row_key *key,
                    struct arena *scratch, struct buffer *to)
{
    const struct witness *witness = machine->witnesses[key->part[0]];
    Perch__Stored__Witness row = PERCH__STORED__WITNESS__INIT;

    if (witness == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, name, text_slice(witness->name));
    CODEC_SET_BYTES(&row, url, text_slice(witness->url));
    CODEC_SET_BYTES(&row, public_key,
                    slice_of(witness->public_key, NOTE_KEY_BYTES));
    CODEC_SET(&row, put_us, witness->put_us);
    row.lag = fill_lag(&witness->lag, scratch);
    if (witness->size > 0) {
        CODEC_SET(&row, size, witness->size);
        CODEC_SET(&row, time_s, witness->time_s);
        CODEC_SET(&row, at_us, witness->at_us);
        CODEC_SET_BYTES(&row, cosignature,
                        slice_of(witness->cosignature, NOTE_SIGNATURE_BYTES));
    }
    codec_write(&row.base, to);
    return true;
}

enum error load_witness(struct machine *machine, const struct row_key *key,
                        const void *message)
{
    const Perch__Stored__Witness *row = message;
    struct witness *witness;

    REQUIRE(key->part[0] < ARCHIVE_WITNESSES_MAX &&
            machine->witnesses[key->part[0]] == NULL);
    REQUIRE(row->name.len > 0 && row->public_key.len == NOTE_KEY_BYTES &&
            witness_find(machine, codec_slice(row->name)) ==
                ARCHIVE_WITNESSES_MAX);
    REQUIRE(row->cosignature.len == (row->size > 0 ? NOTE_SIGNATURE_BYTES : 0));

    witness = calloc(1, sizeof(*witness));
    CHECK(witness != NULL);
    witness->name = text_new(codec_slice(row->name));
    witness->url = text_new(codec_slice(row->url));
    memcpy(witness->public_key, row->public_key.data, NOTE_KEY_BYTES);
    witness->put_us = row->put_us;
    load_lag(&witness->lag, row->lag);
    witness->size = row->size;
    witness->time_s = row->time_s;
    witness->at_us = row->at_us;
    if (witness->size > 0) {
        memcpy(witness->cosignature, row->cosignature.data,
               NOTE_SIGNATURE_BYTES);
    }
    machine->witnesses[key->part[0]] = witness;
    machine->counts[ROW_WITNESS] += 1;
    return ERROR_NONE;
}

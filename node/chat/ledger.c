#include "node/chat/ledger.h"

#include "node/chat/adapter_output.h"
#include "node/chat/archive_mode.h"
#include "node/chat/record_draft.h"
#include "node/chat/record_fill.h"
#include "node/chat/record_lines.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/store.pb-c.h"
#include "proto/tlog/hash.h"

_Static_assert((int)RECORD_INLINE_BYTES_MAX + RECORD_FIELDS_BYTES_MAX +
                       RECORD_HEADER_BYTES <=
                   (int)RECORD_BYTES_MAX,
               "a record fits");

void ledger_deinit(struct ledger *ledger)
{
    buffer_deinit(&ledger->fields);
    buffer_deinit(&ledger->before);
    buffer_deinit(&ledger->after);
}

bool ledger_is_secret(const Perch__Command *command)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_USER_CREATE:
        return command->user_create->ha1.len > 0 ||
               command->user_create->ha1_user.len > 0;
    case PERCH__COMMAND__KIND_USER_CHANGE:
        return command->user_change->ha1.len > 0 ||
               command->user_change->ha1_user.len > 0;
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
        return adapter_output_hides(codec_slice(command->adapter_put->output));
    default:
        return command->kind_case == PERCH__COMMAND__KIND_ARCHIVE_REFILL;
    }
}

/* What the first record has of the command: its bytes, or their digest. */
static void put_command(const struct draft *draft, struct record *record,
                        struct merkle_hash *digest)
{
    struct turn *turn = draft->turn;
    struct slice bytes = turn->entry->bytes;
    uint32_t inline_max =
        turn->machine->settings[SETTING_ARCHIVE_INLINE_BYTES_MAX];
    bool secret = ledger_is_secret(draft->command);

    CHECK(bytes.len > 0); /* Every command says its kind. */
    record->command = bytes;
    if (secret || bytes.len > inline_max) {
        hash_bytes(bytes, digest);
        record->flags |= RECORD_WITHHELD;
        record->command = slice_of(digest->bytes, sizeof(digest->bytes));
    }
    if (!secret && bytes.len > inline_max) {
        turn->effects->records.payload = bytes;
    }
}

/* Grow the tree by a record that the effects have been given. */
static void grow(struct turn *turn, const struct record *record,
                 struct slice bytes)
{
    struct machine *machine = turn->machine;
    struct ledger *ledger = &machine->ledger;
    struct merkle_hash leaf;

    CHECK(record->csn == ledger->frontier.size);
    CHECK(record->time_us >= ledger->record_us);
    merkle_leaf(bytes, &leaf);
    merkle_grow(&ledger->frontier, &leaf);
    ledger->record_us = record->time_us;
    if (record->kind != RECORD_CUT && record->kind != RECORD_DELIVERED) {
        ledger->records_talk = ledger->frontier.size;
    }
    machine->counts[ROW_LEDGER] = 1;
    changes_mark(&machine->changes, ROW_LEDGER, 0, 0, 0);
}

void ledger_add(struct draft *draft)
{
    struct turn *turn = draft->turn;
    struct effects *effects = turn->effects;
    struct merkle_hash digest;
    struct record record = {
        .kind = draft->kind,
        .node = turn->entry->node,
        .outcome = (uint32_t)draft->outcome,
        .csn = turn->machine->ledger.frontier.size,
        .log_index = turn->entry->index,
        .term = turn->entry->term,
        .time_us = turn->sent_at_us,
        .ordinal = (uint32_t)(effects->records.n - effects->records.refilled),
    };

    if (record.ordinal == 0) {
        put_command(draft, &record, &digest);
        if ((record.flags & RECORD_WITHHELD) != 0 &&
            effects->records.payload.len == 0) {
            draft_withhold(draft, record.csn);
        }
    }
    draft_foreign(draft, RECORD_FIELD_ACTOR, draft->command->administrator);
    CHECK(!buffer_failed(draft->fields));
    CHECK(draft->fields->len <= RECORD_FIELDS_BYTES_MAX);
    record.fields = buffer_slice(draft->fields);
    effects_record(effects, &record);
    grow(turn, &record, effects_record_at(effects, effects->records.n - 1));
}

void ledger_before(struct turn *turn, const Perch__Command *command)
{
    struct ledger *ledger = &turn->machine->ledger;

    ledger->was_on = archive_records(turn->machine);
    buffer_clear(&ledger->before);
    buffer_clear(&ledger->after);
    if (ledger->was_on && command != NULL) {
        record_lines(turn->machine, command, &ledger->before);
    }
}

/* The messages and revisions of the entry have their records now: one for
 * each, from the first on. */
static void number(struct effects *effects)
{
    const struct records *records = &effects->records;

    CHECK(records->refilled == 0 ||
          (!effects->has_message && effects->imported.import == NULL &&
           effects->revised.kind == REVISION_NONE));
    if (effects->has_message) {
        effects->message.has_csn = true;
        effects->message.csn = records->csn;
    }
    if (effects->imported.import != NULL) {
        CHECK(records->n == effects->imported.import->n_messages);
        effects->imported.has_csn = true;
        effects->imported.csn = records->csn;
    }
    if (effects->revised.kind != REVISION_NONE) {
        CHECK(records->n == effects->n_ids);
        effects->revised.has_csn = true;
        effects->revised.csn = records->csn;
    }
}

void ledger_take(struct turn *turn, const Perch__Command *command,
                 struct applied applied)
{
    struct machine *machine = turn->machine;
    struct effects *effects = turn->effects;
    struct draft draft = {.turn = turn,
                          .command = command,
                          .applied = applied,
                          .fields = &machine->ledger.fields};

    /* Also when it is this entry that has begun a halt. */
    if (command == NULL || machine->archive.halt.witness != NULL ||
        (!machine->ledger.was_on && !archive_records(machine))) {
        return;
    }
    record_lines(machine, command, &machine->ledger.after);
    CHECK(!buffer_failed(&machine->ledger.before) &&
          !buffer_failed(&machine->ledger.after));
    for (size_t i = 0; i < effects->n_events; i++) {
        record_event(&draft, &effects->events[i]);
    }
    if (effects->n_events == 0) {
        record_command(&draft);
    }
    if (effects->records.n > 0) {
        number(effects);
    }
}

void ledger_restart(struct machine *machine)
{
    struct ledger *ledger = &machine->ledger;

    memset(&ledger->frontier, 0, sizeof(ledger->frontier));
    ledger->records_talk = 0;
    machine->counts[ROW_LEDGER] = 0;
    changes_mark(&machine->changes, ROW_LEDGER, 0, 0, 0);
}

bool ledger_refill(struct turn *turn, struct slice bytes)
{
    const struct ledger *ledger = &turn->machine->ledger;
    struct effects *effects = turn->effects;
    struct record record;

    if (record_read(bytes, &record) != ERROR_NONE ||
        record.csn != ledger->frontier.size ||
        record.time_us < ledger->record_us ||
        record.time_us > turn->sent_at_us) {
        return false;
    }
    effects_record(effects, &record);
    effects->records.refilled += 1;
    CHECK(effects->records.refilled == effects->records.n);
    grow(turn, &record, effects_record_at(effects, effects->records.n - 1));
    return true;
}

bool encode_ledger(const struct machine *machine, const struct row_key *key,
                   struct arena *scratch, struct buffer *to)
{
    const struct ledger *ledger = &machine->ledger;
    Perch__Stored__Ledger row = PERCH__STORED__LEDGER__INIT;
    uint64_t size = ledger->frontier.size;

    (void)key;
    (void)scratch;
    if (size == 0) {
        return false;
    }
    CODEC_SET(&row, records, size);
    CODEC_SET_BYTES(&row, frontier,
                    slice_of(ledger->frontier.hashes,
                             merkle_frontier_count(size) * MERKLE_HASH_BYTES));
    CODEC_SET(&row, records_talk, ledger->records_talk);
    CODEC_SET(&row, record_us, ledger->record_us);
    codec_write(&row.base, to);
    return true;
}

enum error load_ledger(struct machine *machine, const struct row_key *key,
                       const void *message)
{
    const Perch__Stored__Ledger *row = message;
    struct ledger *ledger = &machine->ledger;

    (void)key;
    REQUIRE(machine->counts[ROW_LEDGER] == 0);
    REQUIRE(row->records > 0 && row->records >> MERKLE_DEPTH_MAX == 0);
    REQUIRE(row->frontier.len ==
            merkle_frontier_count(row->records) * MERKLE_HASH_BYTES);
    REQUIRE(row->records_talk <= row->records);
    REQUIRE(row->record_us <= machine->sent_at_us);
    ledger->frontier.size = row->records;
    memcpy(ledger->frontier.hashes, row->frontier.data, row->frontier.len);
    ledger->records_talk = row->records_talk;
    ledger->record_us = row->record_us;
    machine->counts[ROW_LEDGER] = 1;
    return ERROR_NONE;
}

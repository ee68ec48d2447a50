#include "node/chat/refill.h"

#include "node/chat/room.h"
#include "proto/base/check.h"
#include "proto/record.h"
#include "proto/store.pb-c.h"

enum { SCRATCH_BYTES = 4096 };

/* What takes the place of a text that the archive has by its digest alone. */
#define WITHHELD_TEXT                                                          \
    "(This text was not in the copy of the archive that it was brought back "  \
    "from.)"

/* A record that is brought back. */
struct brought {
    struct turn *turn;
    struct record record;
    const Perch__Command *command; /* NULL: it does not carry it. */
    struct room *room;
    uint64_t message_id;
    struct buffer row; /* That is being made. */
};

size_t refill_check(const struct turn *turn,
                    const Perch__ArchiveRefill *command)
{
    const struct ledger *ledger = &turn->machine->ledger;
    int64_t last_us = ledger->record_us;
    struct record record;
    size_t at = 0;

    while (at < command->n_records &&
           record_read(codec_slice(command->records[at]), &record) ==
               ERROR_NONE &&
           record.csn == ledger->frontier.size + at &&
           record.time_us >= last_us && record.time_us <= turn->sent_at_us) {
        last_us = record.time_us;
        at += 1;
    }
    return at;
}

static struct slice text_of(const struct brought *brought,
                            enum record_field field)
{
    struct slice text = SLICE_NONE;

    record_find(&brought->record, field, &text);
    return text;
}

static void put_row(struct brought *brought, uint64_t message_id,
                    bool is_revision)
{
    CHECK(!buffer_failed(&brought->row));
    effects_brought(brought->turn->effects, brought->room->place.number,
                    message_id, is_revision, buffer_slice(&brought->row));
    buffer_clear(&brought->row);
}

/* It is of this entry, as what is imported is: who has been told of the room's
 * messages up to an index is told of it, too. */
static void put_message(struct brought *brought, struct message *message)
{
    struct room *room = brought->room;

    message->room = room->place.number;
    message->message_id = room->message_id_last + 1;
    message->log_index = brought->turn->entry->index;
    message->hidden = room->category->history_off;
    message->has_csn = true;
    message_write(message, &brought->row);
    put_row(brought, message->message_id, false);
    room->message_id_last += 1;
    room_mark(brought->turn->machine, room);
}

static void bring_post(struct brought *brought)
{
    Perch__Post withheld = PERCH__POST__INIT;
    struct message message = {
        .sent_at_us = brought->record.time_us,
        .author_uri = text_of(brought, RECORD_FIELD_USER),
        .display_name = text_of(brought, RECORD_FIELD_DISPLAY_NAME),
        .csn = brought->record.csn,
        .post = &withheld,
    };

    if (brought->message_id != brought->room->message_id_last + 1) {
        return;
    }
    CODEC_SET_BYTES(&withheld, text, SLICE_LITERAL(WITHHELD_TEXT));
    CODEC_SET(&withheld, story, brought->record.kind == RECORD_STORY);
    CODEC_SET(&withheld, alert, brought->record.kind == RECORD_ALERT);
    if (brought->command != NULL &&
        brought->command->kind_case == PERCH__COMMAND__KIND_POST) {
        message.post = brought->command->post;
    }
    put_message(brought, &message);
}

static void bring_import_withheld(struct brought *brought)
{
    Perch__Post withheld = PERCH__POST__INIT;
    struct message message = {
        .sent_at_us =
            (int64_t)record_number(&brought->record, RECORD_FIELD_SENT_AT, 0),
        .author_uri = text_of(brought, RECORD_FIELD_USER),
        .display_name = text_of(brought, RECORD_FIELD_DISPLAY_NAME),
        .csn = brought->record.csn,
        .is_shared = true,
        .command_csn = brought->record.csn - brought->record.ordinal,
        .post = &withheld,
        .importer = text_of(brought, RECORD_FIELD_NAME),
        .imported_at_us = brought->record.time_us,
    };

    CODEC_SET_BYTES(&withheld, text, SLICE_LITERAL(WITHHELD_TEXT));
    put_message(brought, &message);
}

/* The first record carries all messages; those that follow find them there. */
static void bring_import(struct brought *brought)
{
    const Perch__MessagesImport *import;

    if (brought->message_id != brought->room->message_id_last + 1) {
        return;
    }
    if (brought->command == NULL ||
        brought->command->kind_case != PERCH__COMMAND__KIND_MESSAGES_IMPORT) {
        bring_import_withheld(brought);
        return;
    }
    import = brought->command->messages_import;
    for (size_t i = 0; i < import->n_messages; i++) {
        static const Perch__Post nothing = PERCH__POST__INIT;
        const Perch__MessagesImport__Message *from = import->messages[i];
        struct message message = {
            .sent_at_us = from->sent_at_us,
            .author_uri = codec_slice(from->author),
            .display_name = codec_slice(from->display_name),
            .csn = brought->record.csn + i,
            .is_shared = true,
            .command_csn = brought->record.csn,
            .post = from->post == NULL ? &nothing : from->post,
            .importer = codec_slice(brought->command->administrator),
            .imported_at_us = brought->record.time_us,
        };

        put_message(brought, &message);
    }
}

/* What a message, or all up to one, was made. */
static void fill_revision(const struct brought *brought,
                          Perch__Stored__Revision *row)
{
    const Perch__Command *command = brought->command;

    CODEC_SET(row, at_us, brought->record.time_us);
    CODEC_SET(row, csn, brought->record.csn);
    CODEC_SET_BYTES(row, reason, text_of(brought, RECORD_FIELD_REASON));
    if (command != NULL) {
        CODEC_SET_BYTES(row, user, codec_slice(command->user));
        CODEC_SET_BYTES(row, administrator,
                        codec_slice(command->administrator));
        CODEC_SET_BYTES(row, source, codec_slice(command->source));
    }
}

static void put_revision(struct brought *brought, Perch__Stored__Revision *row)
{
    if (brought->message_id > 0 &&
        brought->message_id <= brought->room->message_id_last) {
        codec_write(&row->base, &brought->row);
        put_row(brought, brought->message_id, true);
    }
}

static void bring_correction(struct brought *brought)
{
    Perch__Stored__Revision row = PERCH__STORED__REVISION__INIT;
    const Perch__Command *command = brought->command;

    fill_revision(brought, &row);
    CODEC_SET(&row, kind, REVISION_CORRECTED);
    CODEC_SET_BYTES(&row, text, SLICE_LITERAL(WITHHELD_TEXT));
    if (command != NULL &&
        command->kind_case == PERCH__COMMAND__KIND_MESSAGE_CORRECT) {
        CODEC_SET_BYTES(&row, text,
                        codec_slice(command->message_correct->text));
        CODEC_SET_BYTES(&row, extra,
                        codec_slice(command->message_correct->extra));
    }
    put_revision(brought, &row);
}

static void bring_withdrawal(struct brought *brought)
{
    Perch__Stored__Revision row = PERCH__STORED__REVISION__INIT;

    fill_revision(brought, &row);
    CODEC_SET(&row, kind, REVISION_WITHDRAWN);
    put_revision(brought, &row);
}

/* Without its command a message is out of sight with nothing in its place. */
static void bring_redaction(struct brought *brought)
{
    Perch__Stored__Revision row = PERCH__STORED__REVISION__INIT;
    const Perch__Command *command = brought->command;

    fill_revision(brought, &row);
    CODEC_SET(&row, kind, REVISION_REDACTED);
    if (command != NULL &&
        command->kind_case == PERCH__COMMAND__KIND_MESSAGE_REDACT &&
        command->message_redact->has_replacement) {
        CODEC_SET(&row, kind, REVISION_REPLACED);
        CODEC_SET_BYTES(&row, text,
                        codec_slice(command->message_redact->replacement));
    }
    put_revision(brought, &row);
}

static void bring_clearing(struct brought *brought)
{
    Perch__Stored__Revision row = PERCH__STORED__REVISION__INIT;
    uint64_t upto_id = record_number(&brought->record, RECORD_FIELD_UPTO_ID, 0);
    struct room *room = brought->room;

    if (upto_id <= room->cleared_upto || upto_id > room->message_id_last) {
        return;
    }
    room->cleared_upto = upto_id;
    room_mark(brought->turn->machine, room);
    fill_revision(brought, &row);
    CODEC_SET(&row, kind, REVISION_CLEARED);
    CODEC_SET(&row, upto_id, upto_id);
    CODEC_SET(
        &row, before_us,
        (int64_t)record_number(&brought->record, RECORD_FIELD_SENT_AT, 0));
    codec_write(&row.base, &brought->row);
    put_row(brought, 0, true);
}

static void bring(struct brought *brought)
{
    switch ((int)brought->record.kind) {
    case RECORD_POST:
    case RECORD_ALERT:
    case RECORD_STORY:
        bring_post(brought);
        return;
    case RECORD_IMPORT:
        bring_import(brought);
        return;
    case RECORD_CORRECT:
        bring_correction(brought);
        return;
    case RECORD_WITHDRAW:
        bring_withdrawal(brought);
        return;
    case RECORD_REDACT:
        bring_redaction(brought);
        return;
    case RECORD_CLEAR:
        bring_clearing(brought);
        return;
    default: /* Nothing that a room's history shows. */
        return;
    }
}

/* The command of a record's entry, which lies with the entry's first record:
 * NULL when that has only its digest, or was brought back before. */
static const Perch__Command *read_command(const struct record *record,
                                          const Perch__Command *before,
                                          struct arena *scratch)
{
    Perch__Command *command = NULL;
    enum error error;

    if (record->ordinal > 0) {
        return before;
    }
    if ((record->flags & RECORD_WITHHELD) != 0) {
        return NULL;
    }
    arena_reset(scratch);
    error = command_read(scratch, record->command, &command);
    CHECK(error != ERROR_NO_MEMORY); /* As all rules. */
    return error == ERROR_NONE ? command : NULL;
}

static void bring_record(struct brought *brought, struct slice bytes,
                         struct arena *scratch)
{
    CHECK(record_read(bytes, &brought->record) == ERROR_NONE);
    brought->command =
        read_command(&brought->record, brought->command, scratch);
    brought->room =
        room_named(brought->turn->machine,
                   codec_bytes(text_of(brought, RECORD_FIELD_ROOM)));
    brought->message_id =
        record_number(&brought->record, RECORD_FIELD_MESSAGE_ID, 0);
    if (brought->room != NULL) {
        bring(brought);
    }
}

void refill_messages(struct turn *turn, const Perch__ArchiveRefill *command)
{
    struct brought brought = {.turn = turn};
    struct arena *scratch = arena_new(SCRATCH_BYTES);

    CHECK(scratch != NULL);
    buffer_init(&brought.row);
    for (size_t i = 0; i < command->n_records; i++) {
        bring_record(&brought, codec_slice(command->records[i]), scratch);
    }
    buffer_deinit(&brought.row);
    arena_free(scratch);
}

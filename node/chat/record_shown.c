#include "node/chat/invited.h"
#include "node/chat/ledger.h"
#include "node/chat/query.h"
#include "node/chat/record_fill.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

static struct slice text_of(enum outcome outcome)
{
    return slice_of_text(outcome_text(outcome));
}

void record_join_refused(struct draft *draft, const struct event *event)
{
    const struct room *room = query_room(draft->turn->machine, &event->guid);

    draft_begin(draft, RECORD_DENIED);
    draft->outcome = event->outcome;
    if (room != NULL) {
        draft_place(draft, room->place.number);
    } else if (!guid_is_nil(&event->guid)) {
        draft_bytes(draft, RECORD_FIELD_ROOM,
                    slice_of(event->guid.bytes, GUID_BYTES));
    }
    draft_user(draft, event->user);
    draft_session(draft, &event->session);
    draft_text(draft, RECORD_FIELD_REASON, text_of(event->outcome));
    ledger_add(draft);
}

/* The room that a command names, of those whose refusals are told; empty: none,
 * or one of several. */
static ProtobufCBinaryData room_of(const Perch__Command *command)
{
    const ProtobufCBinaryData none = {0, NULL};

    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_POST:
        return command->post->room;
    case PERCH__COMMAND__KIND_POST_DENIED:
        return command->post_denied->post == NULL
                   ? none
                   : command->post_denied->post->room;
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
        return command->message_correct->room;
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
        return command->message_withdraw->room;
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
        return command->message_redact->room;
    case PERCH__COMMAND__KIND_ROOM_PURGE:
        return command->room_purge->room;
    case PERCH__COMMAND__KIND_ROOM_CLEAR:
        return command->room_clear->room;
    case PERCH__COMMAND__KIND_ROOM_CHANGE:
        return command->room_change->room;
    case PERCH__COMMAND__KIND_ROOM_DELETE:
        return command->room_delete->room;
    case PERCH__COMMAND__KIND_MESSAGES_IMPORT:
        return command->messages_import->room;
    case PERCH__COMMAND__KIND_HOLD_PLACE:
        return command->hold_place->room;
    case PERCH__COMMAND__KIND_HOLD_LIFT:
        return command->hold_lift->room;
    case PERCH__COMMAND__KIND_RETENTION_SET:
        return command->retention_set->room;
    default:
        return none;
    }
}

void record_refused(struct draft *draft)
{
    draft_begin(draft, RECORD_DENIED);
    draft->outcome = draft->applied.outcome;
    draft_room_named(draft, room_of(draft->command));
    draft_actor(draft);
    draft_text(draft, RECORD_FIELD_REASON, text_of(draft->applied.outcome));
    draft_text(draft, RECORD_FIELD_NAME,
               slice_of_text(command_kind_name(draft->command->kind_case)));
    ledger_add(draft);
}

/* One for each room that was announced: those after the id that the rule gave,
 * as it listed them. */
void record_invitations(struct draft *draft)
{
    struct machine *machine = draft->turn->machine;
    const struct user *user =
        user_find(machine, codec_slice(draft->command->user));
    struct invitation list[INVITATIONS_TAKEN_MAX];
    size_t n = invited_list(machine, user, draft->applied.value, list,
                            INVITATIONS_TAKEN_MAX);

    for (size_t i = 0; i < n; i++) {
        draft_begin(draft, RECORD_INVITATION);
        draft_place(draft, list[i].room->place.number);
        draft_actor(draft);
        draft_number(draft, RECORD_FIELD_NUMBER, list[i].id);
        draft_number(draft, RECORD_FIELD_SENT_AT,
                     (uint64_t)list[i].created_at_us);
        ledger_add(draft);
    }
}

/* One for each room that is shown, as the archive is asked room by room. */
static void add_reads(struct draft *draft, enum record_kind kind,
                      size_t n_rooms, const ProtobufCBinaryData *rooms,
                      ProtobufCBinaryData what)
{
    for (size_t i = 0; i < n_rooms || i == 0; i++) {
        draft_begin(draft, kind);
        if (n_rooms > 0) {
            draft_room_named(draft, rooms[i]);
        }
        draft_actor(draft);
        draft_foreign(draft, RECORD_FIELD_NAME, what);
        ledger_add(draft);
    }
}

void record_history_read(struct draft *draft)
{
    const Perch__HistoryRead *read = draft->command->history_read;

    add_reads(draft, RECORD_HISTORY_READ, read->n_rooms, read->rooms,
              read->what);
}

void record_messages_read(struct draft *draft)
{
    const Perch__MessagesRead *read = draft->command->messages_read;

    add_reads(draft, read->export ? RECORD_EXPORT : RECORD_MESSAGES_READ,
              read->n_rooms, read->rooms, read->what);
}

/* A search is one, however many rooms it went through: the command has them. */
void record_searched(struct draft *draft)
{
    const Perch__Searched *searched = draft->command->searched;

    draft_begin(draft, RECORD_SEARCH);
    if (searched->n_rooms == 1) {
        draft_room_named(draft, searched->rooms[0]);
    }
    draft_actor(draft);
    draft_number(draft, RECORD_FIELD_COUNT, searched->n_rooms);
    draft_foreign(draft, RECORD_FIELD_NAME, searched->what);
    draft_foreign(draft, RECORD_FIELD_TITLE, searched->words);
    ledger_add(draft);
}

/* What was to be posted is in the command alone. */
void record_post_denied(struct draft *draft)
{
    const Perch__PostDenied *denied = draft->command->post_denied;

    draft_begin(draft, RECORD_DENIED);
    draft_room_named(draft, denied->post->room);
    draft_actor(draft);
    draft_foreign(draft, RECORD_FIELD_REASON, denied->notice);
    draft_text(draft, RECORD_FIELD_NAME, SLICE_LITERAL("post_denied"));
    ledger_add(draft);
}

void record_file_up(struct draft *draft)
{
    const Perch__FileUp *up = draft->command->file_up;

    draft_begin(draft, RECORD_FILE_UP);
    draft_room_named(draft, up->room);
    draft_actor(draft);
    draft_foreign(draft, RECORD_FIELD_NAME, up->name);
    draft_bytes(draft, RECORD_FIELD_DIGEST, codec_slice(up->digest));
    draft_number(draft, RECORD_FIELD_BYTES, up->bytes);
    draft_foreign(draft, RECORD_FIELD_TITLE, up->verdict);
    ledger_add(draft);
}

void record_file_down(struct draft *draft)
{
    const Perch__FileDown *down = draft->command->file_down;

    draft_begin(draft, RECORD_FILE_DOWN);
    draft_room_named(draft, down->room);
    draft_actor(draft);
    draft_foreign(draft, RECORD_FIELD_NAME, down->name);
    draft_bytes(draft, RECORD_FIELD_DIGEST, codec_slice(down->digest));
    ledger_add(draft);
}

void record_canary(struct draft *draft)
{
    draft_begin(draft, RECORD_CANARY);
    draft_number(draft, RECORD_FIELD_NUMBER, draft->turn->entry->node);
    draft_bytes(draft, RECORD_FIELD_DIGEST,
                codec_slice(draft->command->canary->nonce));
    ledger_add(draft);
}

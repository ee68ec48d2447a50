#include "node/chat/said.h"

#include "node/chat/room.h"
#include "proto/base/check.h"

bool message_is_wanted(const Perch__Command *command)
{
    return command->kind_case == PERCH__COMMAND__KIND_MESSAGE_CORRECT ||
           command->kind_case == PERCH__COMMAND__KIND_MESSAGE_WITHDRAW ||
           command->kind_case == PERCH__COMMAND__KIND_MESSAGE_REDACT ||
           command->kind_case == PERCH__COMMAND__KIND_MESSAGES_IMPORT ||
           command->kind_case == PERCH__COMMAND__KIND_ROOM_PURGE;
}

/* What is wanted, but for the room. Returns the room's guid. */
static ProtobufCBinaryData fill(const Perch__Command *command,
                                struct wants *wants)
{
    switch (command->kind_case) {
    case PERCH__COMMAND__KIND_MESSAGE_CORRECT:
        wants->n = 1;
        wants->ids = &command->message_correct->message_id;
        return command->message_correct->room;
    case PERCH__COMMAND__KIND_MESSAGE_WITHDRAW:
        wants->n = 1;
        wants->ids = &command->message_withdraw->message_id;
        return command->message_withdraw->room;
    case PERCH__COMMAND__KIND_MESSAGE_REDACT:
        wants->n = command->message_redact->n_message_ids;
        wants->ids = command->message_redact->message_ids;
        return command->message_redact->room;
    case PERCH__COMMAND__KIND_MESSAGES_IMPORT:
        return command->messages_import->room;
    default:
        wants->after_id = command->room_purge->after_id;
        wants->upto_id = command->room_purge->upto_id;
        return command->room_purge->room;
    }
}

/* An import goes behind the last message there is. */
static void want_last(struct wants *wants)
{
    wants->upto_id = wants->message_id_last;
    wants->after_id = wants->upto_id > 0 ? wants->upto_id - 1 : 0;
}

/* What the rule refuses without a look at messages. */
static bool is_too_much(const Perch__Command *command,
                        const struct wants *wants)
{
    return command->kind_case == PERCH__COMMAND__KIND_MESSAGE_REDACT &&
           (wants->n == 0 || wants->n > REDACTIONS_MAX);
}

bool message_wants(const struct machine *machine, const Perch__Command *command,
                   struct wants *wants_out)
{
    const struct room *room;
    ProtobufCBinaryData guid;

    *wants_out = (struct wants){.n = 0};
    if (!message_is_wanted(command)) {
        return false;
    }
    guid = fill(command, wants_out);
    room = room_named(machine, guid);
    if (room == NULL || is_too_much(command, wants_out)) {
        return false;
    }
    wants_out->room = room->place.number;
    wants_out->rows_above = room->purged_upto;
    wants_out->message_id_last = room->message_id_last;
    if (command->kind_case == PERCH__COMMAND__KIND_MESSAGES_IMPORT) {
        want_last(wants_out);
    }
    return true;
}

const struct said *facts_find(const struct facts *facts, uint64_t message_id)
{
    size_t low = 0, high = facts == NULL ? 0 : facts->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (facts->said[middle].message_id == message_id) {
            return &facts->said[middle];
        }
        if (facts->said[middle].message_id < message_id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const char *revision_name(enum revision revision)
{
    static const char *const names[REVISIONS] = {
#define REVISION_ROW(name, text) [REVISION_##name] = text,
        REVISION_LIST(REVISION_ROW)
#undef REVISION_ROW
    };

    return (unsigned)revision < REVISIONS ? names[revision] : "unknown";
}

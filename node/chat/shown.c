#include "node/chat/shown.h"

#include "node/chat/archive.h"
#include "node/chat/room.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

static bool is_off(const struct turn *turn)
{
    return turn->machine->archive.mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF;
}

static enum outcome check_user(const struct turn *turn,
                               const Perch__Command *command)
{
    if (is_off(turn)) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    return user_find(turn->machine, codec_slice(command->user)) == NULL
               ? OUTCOME_USER_UNKNOWN
               : OUTCOME_DONE;
}

static bool is_text(ProtobufCBinaryData bytes)
{
    uint64_t characters;

    return bytes.len <= SHOWN_BYTES_MAX &&
           text_check(codec_slice(bytes), &characters) == TEXT_FINE;
}

static bool are_guids(const ProtobufCBinaryData *rooms, size_t n)
{
    for (size_t i = 0; i < n && n <= SHOWN_ROOMS_MAX; i++) {
        if (rooms[i].len != GUID_BYTES) {
            return false;
        }
    }
    return n <= SHOWN_ROOMS_MAX;
}

enum outcome history_read(struct turn *turn, const Perch__Command *command)
{
    const Perch__HistoryRead *read = command->history_read;
    enum outcome outcome = check_user(turn, command);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return are_guids(read->rooms, read->n_rooms) && is_text(read->what)
               ? OUTCOME_DONE
               : OUTCOME_READING_INVALID;
}

enum outcome searched(struct turn *turn, const Perch__Command *command)
{
    const Perch__Searched *search = command->searched;
    enum outcome outcome = check_user(turn, command);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return are_guids(search->rooms, search->n_rooms) && is_text(search->what) &&
                   is_text(search->words)
               ? OUTCOME_DONE
               : OUTCOME_READING_INVALID;
}

enum outcome post_denied(struct turn *turn, const Perch__Command *command)
{
    const Perch__PostDenied *denied = command->post_denied;
    enum outcome outcome = check_user(turn, command);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return denied->post != NULL && is_text(denied->notice)
               ? OUTCOME_DONE
               : OUTCOME_READING_INVALID;
}

enum outcome messages_read(struct turn *turn,
                           const Perch__MessagesRead *command)
{
    if (is_off(turn)) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    return are_guids(command->rooms, command->n_rooms) && is_text(command->what)
               ? OUTCOME_DONE
               : OUTCOME_READING_INVALID;
}

static bool is_line(ProtobufCBinaryData bytes)
{
    return text_check_line(codec_slice(bytes), FILE_NAME_CHARACTERS_MAX,
                           OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE;
}

static enum outcome check_file(const struct turn *turn,
                               const Perch__Command *command,
                               ProtobufCBinaryData room,
                               ProtobufCBinaryData name,
                               ProtobufCBinaryData digest)
{
    enum outcome outcome = check_user(turn, command);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (room_named(turn->machine, room) == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    return name.len > 0 && is_line(name) && digest.len == RECORD_DIGEST_BYTES
               ? OUTCOME_DONE
               : OUTCOME_FILE_INVALID;
}

enum outcome file_up(struct turn *turn, const Perch__Command *command)
{
    const Perch__FileUp *up = command->file_up;
    enum outcome outcome =
        check_file(turn, command, up->room, up->name, up->digest);

    if (outcome == OUTCOME_DONE && !is_line(up->verdict)) {
        outcome = OUTCOME_FILE_INVALID;
    }
    return outcome == OUTCOME_DONE
               ? archive_gate(turn->machine, turn->sent_at_us)
               : outcome;
}

enum outcome file_down(struct turn *turn, const Perch__Command *command)
{
    const Perch__FileDown *down = command->file_down;

    return check_file(turn, command, down->room, down->name, down->digest);
}

enum outcome canary(struct turn *turn, const Perch__Canary *command)
{
    if (is_off(turn)) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    return command->nonce.len == CANARY_BYTES ? OUTCOME_DONE
                                              : OUTCOME_CANARY_INVALID;
}

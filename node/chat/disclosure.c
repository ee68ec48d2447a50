#include "node/chat/disclosure.h"

#include "node/chat/access.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "node/chat/tombstone.h"

static bool is_told(ProtobufCBinaryData text)
{
    uint64_t ignored;

    return text.len <= DISCLOSURE_BYTES_MAX &&
           text_check(codec_slice(text), &ignored) == TEXT_FINE;
}

static enum outcome check_rooms(struct turn *turn, const struct user *user,
                                size_t n, const ProtobufCBinaryData *rooms)
{
    for (size_t i = 0; i < n; i++) {
        const struct room *room = room_named(turn->machine, rooms[i]);
        enum outcome outcome =
            room == NULL ? OUTCOME_ROOM_UNKNOWN : access_read(user, room);

        if (outcome != OUTCOME_DONE) {
            turn->value = i;
            return outcome;
        }
    }
    return OUTCOME_DONE;
}

enum outcome history_read(struct turn *turn, const Perch__Command *command)
{
    const Perch__HistoryRead *read = command->history_read;
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (read->n_rooms == 0 || read->n_rooms > DISCLOSURE_ROOMS_MAX ||
        !is_told(read->what)) {
        return OUTCOME_READING_INVALID;
    }
    return check_rooms(turn, session->user, read->n_rooms, read->rooms);
}

enum outcome searched(struct turn *turn, const Perch__Command *command)
{
    const Perch__Searched *search = command->searched;
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (search->n_rooms > DISCLOSURE_ROOMS_MAX || !is_told(search->words) ||
        !is_told(search->what)) {
        return OUTCOME_READING_INVALID;
    }
    return check_rooms(turn, session->user, search->n_rooms, search->rooms);
}

enum outcome post_denied(struct turn *turn, const Perch__Command *command)
{
    const Perch__PostDenied *denied = command->post_denied;
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (denied->post == NULL ||
        room_named(turn->machine, denied->post->room) == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    return is_told(denied->notice) ? OUTCOME_DONE : OUTCOME_READING_INVALID;
}

enum outcome messages_read(struct turn *turn,
                           const Perch__MessagesRead *command)
{
    if (command->n_rooms > DISCLOSURE_ROOMS_MAX || !is_told(command->what)) {
        return OUTCOME_READING_INVALID;
    }
    for (size_t i = 0; i < command->n_rooms; i++) {
        if (room_named(turn->machine, command->rooms[i]) == NULL &&
            tombstone_of_room(turn->machine, command->rooms[i]) == NULL) {
            turn->value = i;
            return OUTCOME_ROOM_UNKNOWN;
        }
    }
    return OUTCOME_DONE;
}

enum outcome canary(struct turn *turn, const Perch__Command *command)
{
    (void)turn;
    return command->canary->nonce.len == GUID_BYTES ? OUTCOME_DONE
                                                    : OUTCOME_CANARY_INVALID;
}

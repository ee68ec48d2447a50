#include "node/chat/file.h"

#include "node/chat/access.h"
#include "node/chat/room.h"
#include "node/chat/session.h"

enum { BYTES_PER_KIB = 1024 };

static bool is_file(ProtobufCBinaryData name, ProtobufCBinaryData digest)
{
    return name.len > 0 && digest.len == RECORD_DIGEST_BYTES &&
           text_check_line(codec_slice(name), NAME_CHARACTERS_MAX,
                           OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE;
}

static bool is_verdict(ProtobufCBinaryData verdict)
{
    uint64_t ignored;

    return verdict.len <= DISCLOSURE_BYTES_MAX &&
           text_check(codec_slice(verdict), &ignored) == TEXT_FINE;
}

/* Who acts, and where. */
static enum outcome find(struct turn *turn, const Perch__Command *command,
                         ProtobufCBinaryData guid, struct session **session,
                         const struct room **room_out)
{
    enum outcome outcome = session_acting(turn, command, session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    *room_out = room_named(turn->machine, guid);
    return *room_out == NULL ? OUTCOME_ROOM_UNKNOWN : OUTCOME_DONE;
}

enum outcome file_up(struct turn *turn, const Perch__Command *command)
{
    const Perch__FileUp *up = command->file_up;
    const struct room *room = NULL;
    struct session *session = NULL;
    enum outcome outcome = find(turn, command, up->room, &session, &room);

    if (outcome == OUTCOME_DONE) {
        outcome = access_post(session->user, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (!room->category->file_upload || room->files_off) {
        return OUTCOME_FILES_OFF;
    }
    if (!is_file(up->name, up->digest) || !is_verdict(up->verdict)) {
        return OUTCOME_FILE_INVALID;
    }
    return up->bytes > (uint64_t)BYTES_PER_KIB *
                           turn->machine->settings[SETTING_FILE_KIB_MAX]
               ? OUTCOME_FILE_TOO_LARGE
               : archive_gate(turn->machine, turn->sent_at_us);
}

enum outcome file_down(struct turn *turn, const Perch__Command *command)
{
    const Perch__FileDown *down = command->file_down;
    const struct room *room = NULL;
    struct session *session = NULL;
    enum outcome outcome = find(turn, command, down->room, &session, &room);

    if (outcome == OUTCOME_DONE) {
        outcome = access_read(session->user, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return is_file(down->name, down->digest) ? OUTCOME_DONE
                                             : OUTCOME_FILE_INVALID;
}

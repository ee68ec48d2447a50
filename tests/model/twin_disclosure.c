#include "tests/model/twin.h"

/* The rules of what is shown, of files and of canaries. */

static bool is_told(ProtobufCBinaryData text)
{
    return text.len <= 2000 && twin_characters(text) >= 0;
}

static enum outcome check_rooms(struct twin *twin, uint32_t user, size_t n,
                                const ProtobufCBinaryData *rooms)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t room = twin_place(twin, rooms[i], true);
        enum outcome outcome =
            room == 0 ? OUTCOME_ROOM_UNKNOWN : twin_may(twin, user, room);

        if (outcome != OUTCOME_DONE) {
            twin->value = i;
            return outcome;
        }
    }
    return OUTCOME_DONE;
}

enum outcome twin_history_read(struct twin *twin, const Perch__Command *c)
{
    const Perch__HistoryRead *read = c->history_read;
    uint32_t user = 0;
    enum outcome outcome = twin_acting(twin, c, &user);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return read->n_rooms == 0 || read->n_rooms > 1024 || !is_told(read->what)
               ? OUTCOME_READING_INVALID
               : check_rooms(twin, user, read->n_rooms, read->rooms);
}

enum outcome twin_searched(struct twin *twin, const Perch__Command *c)
{
    const Perch__Searched *searched = c->searched;
    uint32_t user = 0;
    enum outcome outcome = twin_acting(twin, c, &user);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return searched->n_rooms > 1024 || !is_told(searched->what) ||
                   !is_told(searched->words)
               ? OUTCOME_READING_INVALID
               : check_rooms(twin, user, searched->n_rooms, searched->rooms);
}

enum outcome twin_post_denied(struct twin *twin, const Perch__Command *c)
{
    const Perch__PostDenied *denied = c->post_denied;
    uint32_t user = 0;
    enum outcome outcome = twin_acting(twin, c, &user);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (denied->post == NULL ||
        twin_place(twin, denied->post->room, true) == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    return is_told(denied->notice) ? OUTCOME_DONE : OUTCOME_READING_INVALID;
}

/* A room that was deleted, beneath which there are messages. */
static bool is_cellar(const struct twin *twin, ProtobufCBinaryData guid)
{
    for (uint32_t i = 1; i <= twin->n_places; i++) {
        const struct twin_place *place = &twin->places[i];

        if (place->gone && place->message_id > 0 &&
            twin_same(place->guid.bytes, GUID_BYTES, guid.data, guid.len)) {
            return true;
        }
    }
    return false;
}

enum outcome twin_messages_read(struct twin *twin,
                                const Perch__MessagesRead *read)
{
    if (read->n_rooms > 1024 || !is_told(read->what)) {
        return OUTCOME_READING_INVALID;
    }
    for (size_t i = 0; i < read->n_rooms; i++) {
        if (twin_place(twin, read->rooms[i], true) == 0 &&
            !is_cellar(twin, read->rooms[i])) {
            twin->value = i;
            return OUTCOME_ROOM_UNKNOWN;
        }
    }
    return OUTCOME_DONE;
}

static bool is_file(ProtobufCBinaryData name, ProtobufCBinaryData digest)
{
    return name.len > 0 && digest.len == 32 &&
           twin_check_line(name, OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE;
}

enum outcome twin_file_up(struct twin *twin, const Perch__Command *c)
{
    const Perch__FileUp *up = c->file_up;
    uint32_t user = 0, room = twin_place(twin, up->room, true);
    const struct twin_place *place = &twin->places[room];
    enum outcome outcome = twin_acting(twin, c, &user);

    if (outcome == OUTCOME_DONE && room == 0) {
        outcome = OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome == OUTCOME_DONE) {
        outcome = twin_may_post(twin, user, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (place->files_off || !twin->places[place->category].file_upload) {
        return OUTCOME_FILES_OFF;
    }
    if (!is_file(up->name, up->digest) || !is_told(up->verdict)) {
        return OUTCOME_FILE_INVALID;
    }
    return up->bytes > twin->settings[SETTING_FILE_KIB_MAX] * UINT64_C(1024)
               ? OUTCOME_FILE_TOO_LARGE
               : twin_gate(twin);
}

enum outcome twin_file_down(struct twin *twin, const Perch__Command *c)
{
    const Perch__FileDown *down = c->file_down;
    uint32_t user = 0, room = twin_place(twin, down->room, true);
    enum outcome outcome = twin_acting(twin, c, &user);

    if (outcome == OUTCOME_DONE && room == 0) {
        outcome = OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome == OUTCOME_DONE) {
        outcome = twin_may(twin, user, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return is_file(down->name, down->digest) ? OUTCOME_DONE
                                             : OUTCOME_FILE_INVALID;
}

enum outcome twin_canary(const Perch__Command *c)
{
    return c->canary->nonce.len == 16 ? OUTCOME_DONE : OUTCOME_CANARY_INVALID;
}

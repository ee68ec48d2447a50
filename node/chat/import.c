#include "node/chat/import.h"

#include "node/chat/post.h"
#include "node/chat/room.h"
#include "proto/base/check.h"

/* When the message before one of the import was said; 0 when there is none, or
 * not any more. */
static int64_t time_before(const struct turn *turn,
                           const Perch__MessagesImport *import, size_t at)
{
    const struct said *last;

    if (at > 0) {
        return import->messages[at - 1]->sent_at_us;
    }
    last = facts_find(turn->facts, import->first_id - 1);
    return last == NULL ? 0 : last->sent_at_us;
}

/* Times rise in a room, and are past: what is kept for a while is kept from
 * then on, and what is cleared is cleared up to a moment. */
static enum outcome check_time(const struct turn *turn,
                               const Perch__MessagesImport *import, size_t at)
{
    int64_t sent_at_us = import->messages[at]->sent_at_us;

    return sent_at_us <= 0 || sent_at_us > turn->sent_at_us ||
                   sent_at_us < time_before(turn, import, at)
               ? OUTCOME_IMPORT_TIME
               : OUTCOME_DONE;
}

/* As users' URIs are kept: one who is a user here is to be the author. */
static bool is_folded(struct slice uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.data[i] >= 'A' && uri.data[i] <= 'Z') {
            return false;
        }
    }
    return true;
}

static enum outcome check_message(const struct turn *turn,
                                  const Perch__MessagesImport *import,
                                  size_t at)
{
    static const Perch__Post nothing = PERCH__POST__INIT;
    const Perch__MessagesImport__Message *message = import->messages[at];
    const Perch__Post *post = message->post == NULL ? &nothing : message->post;
    const struct wording wording = {codec_slice(post->text),
                                    codec_slice(post->extra), post->story};
    enum outcome outcome;

    if (!text_is_sip_uri(codec_slice(message->author)) ||
        !is_folded(codec_slice(message->author))) {
        return OUTCOME_USER_URI_INVALID;
    }
    outcome = text_check_line(codec_slice(message->display_name),
                              NAME_CHARACTERS_MAX, OUTCOME_NAME_TOO_LONG);
    if (outcome == OUTCOME_DONE) {
        outcome = check_time(turn, import, at);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = post_check_wording(turn->machine, &wording);
    }
    return outcome == OUTCOME_DONE ? post_check_annotation(post) : outcome;
}

static enum outcome check(struct turn *turn, const struct room *room,
                          const Perch__MessagesImport *import)
{
    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (import->n_messages == 0) {
        return OUTCOME_IMPORT_EMPTY;
    }
    if (import->n_messages > IMPORT_MESSAGES_MAX) {
        return OUTCOME_IMPORT_TOO_MANY;
    }
    if (import->first_id != room->message_id_last + 1) {
        turn->value = room->message_id_last;
        return OUTCOME_IMPORT_POSITION;
    }
    for (size_t i = 0; i < import->n_messages; i++) {
        enum outcome outcome = check_message(turn, import, i);

        if (outcome != OUTCOME_DONE) {
            turn->value = i;
            return outcome;
        }
    }
    return archive_gate(turn->machine, turn->sent_at_us);
}

static void tell(struct turn *turn, const struct room *room,
                 const Perch__Command *command)
{
    const Perch__MessagesImport *import = command->messages_import;
    struct effects *effects = turn->effects;
    struct event *event = effects_event(effects, EVENT_MESSAGES_IMPORTED);

    event->room = room->place.number;
    event->guid = room->place.guid;
    event->message_id = import->first_id;
    event->position = (uint32_t)import->n_messages;
    effects->imported = (struct imported){
        .import = import,
        .room = room->place.number,
        .hidden = room->category->history_off,
        .administrator = codec_slice(command->administrator),
    };
}

enum outcome messages_import(struct turn *turn, const Perch__Command *command)
{
    const Perch__MessagesImport *import = command->messages_import;
    struct room *room = room_named(turn->machine, import->room);
    enum outcome outcome = check(turn, room, import);

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    CHECK(room->message_id_last < UINT64_MAX - import->n_messages);
    room->message_id_last += import->n_messages;
    room_mark(turn->machine, room);
    tell(turn, room, command);
    turn->value = room->message_id_last;
    return OUTCOME_DONE;
}

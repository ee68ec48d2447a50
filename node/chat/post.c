#include "node/chat/post.h"

#include "node/chat/access.h"
#include "node/chat/memory.h"
#include "node/chat/presence.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

static enum outcome check_utf8(struct slice text, uint64_t *characters_out)
{
    switch (text_check(text, characters_out)) {
    case TEXT_NOT_UTF8:
        return OUTCOME_TEXT_NOT_UTF8;
    case TEXT_NOT_CHARACTER:
        return OUTCOME_TEXT_CHARACTER;
    default:
        return OUTCOME_DONE;
    }
}

static enum outcome check_annotation(const Perch__Post *post)
{
    uint64_t ignored;

    return post->annotation.len <= ANNOTATION_BYTES_MAX &&
                   text_check(codec_slice(post->annotation), &ignored) ==
                       TEXT_FINE
               ? OUTCOME_DONE
               : OUTCOME_ANNOTATION_INVALID;
}

/* Check what a post says.
 *
 * @characters_max  The setting MESSAGE_CHARACTERS_MAX. */
static enum outcome check_text(const Perch__Post *post, uint32_t characters_max)
{
    uint64_t characters = 0, ignored;
    enum outcome outcome = check_utf8(codec_slice(post->text), &characters);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (characters == 0) {
        return OUTCOME_TEXT_EMPTY;
    }
    if (characters > characters_max) {
        return OUTCOME_TEXT_TOO_LONG;
    }
    if (post->extra.len > EXTRA_BYTES_MAX) {
        return OUTCOME_EXTRA_TOO_LONG;
    }
    outcome = check_utf8(codec_slice(post->extra), &ignored);
    return outcome == OUTCOME_DONE ? check_annotation(post) : outcome;
}

/* DONE: the post is a new one. REPEATED: turn->value is its message id. */
static enum outcome check_retry(struct turn *turn, const struct user *author,
                                const struct room *room,
                                const Perch__Post *post)
{
    struct slice id = codec_slice(post->retry_id);
    const struct memo *memo;

    if (!post->has_retry_id) {
        return OUTCOME_DONE;
    }
    if (!text_is_visible(id, RETRY_ID_BYTES_MAX)) {
        return OUTCOME_RETRY_ID_INVALID;
    }
    /* Before any right is asked: what was accepted once stays accepted, or a
     * client that lost its rights meanwhile would post the text again. */
    memo =
        memory_find(turn->machine, MEMORY_RETRY, author, id, turn->sent_at_us);
    if (memo == NULL) {
        return OUTCOME_DONE;
    }
    if (room == NULL || room->place.number != memo->room) {
        return OUTCOME_RETRY_ID_REUSED;
    }
    turn->value = memo->value;
    return OUTCOME_REPEATED;
}

static enum outcome check_room(const struct session *session,
                               const struct room *room)
{
    enum outcome outcome;

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = access_post(session->user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return presence_find(room, session) == NULL ? OUTCOME_NOT_JOINED
                                                : OUTCOME_DONE;
}

static void tell(struct turn *turn, const struct session *session,
                 struct room *room, const Perch__Post *post)
{
    struct effects *effects = turn->effects;
    struct event *event = effects_event(effects, EVENT_POSTED);

    event->room = room->place.number;
    event->guid = room->place.guid;
    event->user = session->user_number;
    event->session = session_id(session);
    event->message_id = room->message_id_last;
    effects->has_message = true;
    effects->message = (struct message){
        .room = room->place.number,
        .message_id = room->message_id_last,
        .log_index = turn->entry->index,
        .sent_at_us = turn->sent_at_us,
        .author_uri = text_slice(session->user->uri),
        .display_name = text_slice(session->user->display_name),
        .hidden = room->category->history_off,
        .post = post,
    };
    room_mark(turn->machine, room);
}

static void add(struct turn *turn, struct session *session, struct room *room,
                const Perch__Post *post)
{
    struct memo *memo;

    CHECK(!room->disabled && !session->user->disabled);
    room->message_id_last += 1;
    turn->value = room->message_id_last;
    tell(turn, session, room, post);
    if (post->has_retry_id) {
        memo = memory_add(turn, MEMORY_RETRY, session->user,
                          codec_slice(post->retry_id));
        memo->value = room->message_id_last;
        memo->room = room->place.number;
    }
}

enum outcome post(struct turn *turn, const Perch__Command *command)
{
    struct room *room = room_named(turn->machine, command->post->room);
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome == OUTCOME_DONE) {
        outcome = check_retry(turn, session->user, room, command->post);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_room(session, room);
    }
    if (outcome == OUTCOME_DONE) {
        outcome =
            check_text(command->post,
                       turn->machine->settings[SETTING_MESSAGE_CHARACTERS_MAX]);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    add(turn, session, room, command->post);
    return OUTCOME_DONE;
}

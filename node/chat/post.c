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

enum outcome post_check_annotation(const Perch__Post *post)
{
    uint64_t ignored;

    return post->annotation.len <= ANNOTATION_BYTES_MAX &&
                   text_check(codec_slice(post->annotation), &ignored) ==
                       TEXT_FINE
               ? OUTCOME_DONE
               : OUTCOME_ANNOTATION_INVALID;
}

enum outcome post_check_text(struct slice text, uint32_t characters_max,
                             enum outcome too_long)
{
    uint64_t characters = 0;
    enum outcome outcome = check_utf8(text, &characters);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (characters == 0) {
        return OUTCOME_TEXT_EMPTY;
    }
    return characters > characters_max ? too_long : OUTCOME_DONE;
}

/* A title is something that can be seen. */
static bool has_title(struct slice text)
{
    for (size_t i = 0; i < text.len && text.data[i] != '\n'; i++) {
        if (text.data[i] > ' ') {
            return true;
        }
    }
    return false;
}

enum outcome post_check_wording(const struct machine *machine,
                                const struct wording *wording)
{
    uint64_t ignored;
    enum setting limit = wording->is_story ? SETTING_STORY_CHARACTERS_MAX
                                           : SETTING_MESSAGE_CHARACTERS_MAX;
    enum outcome outcome = post_check_text(
        wording->text, machine->settings[limit], OUTCOME_TEXT_TOO_LONG);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (wording->is_story && !has_title(wording->text)) {
        return OUTCOME_STORY_UNTITLED;
    }
    if (wording->extra.len > EXTRA_BYTES_MAX) {
        return OUTCOME_EXTRA_TOO_LONG;
    }
    return check_utf8(wording->extra, &ignored);
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

enum outcome post_check_room(const struct session *session,
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
    struct wording wording = {codec_slice(command->post->text),
                              codec_slice(command->post->extra),
                              command->post->story};
    struct session *session = NULL;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome == OUTCOME_DONE) {
        outcome = check_retry(turn, session->user, room, command->post);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = post_check_room(session, room);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = post_check_wording(turn->machine, &wording);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = post_check_annotation(command->post);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = archive_gate(turn->machine, turn->sent_at_us);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    add(turn, session, room, command->post);
    return OUTCOME_DONE;
}

#include "node/chat/revise.h"

#include "node/chat/access.h"
#include "node/chat/manage.h"
#include "node/chat/post.h"
#include "node/chat/room.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

#define US_PER_S INT64_C(1000000)

enum outcome reason_check(struct slice reason, bool must_be)
{
    enum outcome outcome;

    if (reason.len == 0) {
        return must_be ? OUTCOME_REASON_MISSING : OUTCOME_DONE;
    }
    outcome =
        text_check_line(reason, REASON_CHARACTERS_MAX, OUTCOME_REASON_TOO_LONG);
    return outcome == OUTCOME_NAME_CHARACTER ? OUTCOME_REASON_CHARACTER
                                             : outcome;
}

/* A message of the room that is shown, or hidden by its category alone. */
static const struct said *find(const struct turn *turn, const struct room *room,
                               uint64_t message_id)
{
    const struct said *said = facts_find(turn->facts, message_id);

    return message_id <= room->cleared_upto ? NULL : said;
}

/* One who was created after it was said, under the URI of another who was
 * deleted, is not its author. */
static bool is_author(const struct user *user, const struct said *said)
{
    return slice_equal(said->author_uri, text_slice(user->uri)) &&
           said->sent_at_us > user->created_at_us;
}

/* Whether a user may still do to a message what its author may.
 *
 * @user  NULL: an administrator, who may. */
static enum outcome check_author(const struct turn *turn,
                                 const struct user *user,
                                 const struct said *said)
{
    uint32_t window_s = turn->machine->settings[SETTING_CORRECTION_WINDOW_S];

    if (user != NULL && window_s == 0) {
        return OUTCOME_CORRECTION_OFF;
    }
    if (said == NULL) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    if (user != NULL && !is_author(user, said)) {
        return OUTCOME_NOT_THE_AUTHOR;
    }
    if (said->state != REVISION_NONE && said->state != REVISION_CORRECTED) {
        return OUTCOME_MESSAGE_TAKEN_BACK;
    }
    return user != NULL &&
                   turn->sent_at_us > said->sent_at_us + window_s * US_PER_S
               ? OUTCOME_CORRECTION_TOO_LATE
               : OUTCOME_DONE;
}

/* Note a revision of messages that effects_revise has been given, and tell. */
static void tell(struct turn *turn, const struct room *room,
                 const struct revised *revised, uint32_t user)
{
    struct effects *effects = turn->effects;
    struct event *event = effects_event(effects, EVENT_MESSAGES_REVISED);

    CHECK(effects->n_ids > 0);
    effects->revised = *revised;
    effects->revised.room = room->place.number;
    event->room = room->place.number;
    event->guid = room->place.guid;
    event->user = user;
    event->message_id = effects->ids[0];
    event->position = (uint32_t)effects->n_ids;
}

static enum outcome check_correction(struct turn *turn,
                                     const struct session *session,
                                     const struct room *room,
                                     const Perch__MessageCorrect *command)
{
    const struct said *said;
    struct wording wording = {codec_slice(command->text),
                              codec_slice(command->extra), false};
    enum outcome outcome = post_check_room(session, room);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    said = find(turn, room, command->message_id);
    outcome = check_author(turn, session->user, said);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    wording.is_story = said->story;
    outcome = post_check_wording(turn->machine, &wording);
    return outcome == OUTCOME_DONE
               ? archive_gate(turn->machine, turn->sent_at_us)
               : outcome;
}

enum outcome message_correct(struct turn *turn, const Perch__Command *command)
{
    const Perch__MessageCorrect *correct = command->message_correct;
    const struct room *room = room_named(turn->machine, correct->room);
    struct revised revised = {.kind = REVISION_CORRECTED,
                              .text = codec_slice(correct->text),
                              .extra = codec_slice(correct->extra)};
    struct session *session = NULL;
    const struct said *said;
    enum outcome outcome = session_acting(turn, command, &session);

    if (outcome == OUTCOME_DONE) {
        outcome = check_correction(turn, session, room, correct);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    turn->value = correct->message_id;
    said = find(turn, room, correct->message_id);
    if (!slice_equal(said->text, revised.text) ||
        !slice_equal(said->extra, revised.extra)) {
        effects_id(turn->effects, correct->message_id);
        tell(turn, room, &revised, session->user_number);
    }
    return OUTCOME_DONE;
}

static enum outcome check_withdrawal(const struct user *user,
                                     const struct room *room,
                                     const Perch__MessageWithdraw *command)
{
    enum outcome outcome;

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    /* Who may no longer post may still take back. */
    outcome = user == NULL ? OUTCOME_DONE : access_enter(user, room);
    if (outcome == OUTCOME_DONE) {
        outcome = reason_check(codec_slice(command->reason), false);
    }
    return outcome;
}

enum outcome message_withdraw(struct turn *turn, const Perch__Command *command)
{
    const Perch__MessageWithdraw *withdraw = command->message_withdraw;
    const struct room *room = room_named(turn->machine, withdraw->room);
    struct revised revised = {.kind = REVISION_WITHDRAWN,
                              .reason = codec_slice(withdraw->reason)};
    const struct user *user = NULL;
    const struct said *said;
    enum outcome outcome = manage_actor(turn, command, &user);

    if (outcome == OUTCOME_DONE) {
        outcome = check_withdrawal(user, room, withdraw);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    said = find(turn, room, withdraw->message_id);
    outcome = check_author(turn, user, said);
    if (outcome == OUTCOME_MESSAGE_TAKEN_BACK &&
        said->state == REVISION_WITHDRAWN) {
        turn->value = turn->judging ? 0 : withdraw->message_id;
        return OUTCOME_DONE;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    turn->value = withdraw->message_id;
    effects_id(turn->effects, withdraw->message_id);
    tell(turn, room, &revised, user == NULL ? 0 : user->principal.number);
    return OUTCOME_DONE;
}

static enum outcome check_redaction(struct turn *turn, const struct room *room,
                                    const Perch__MessageRedact *command)
{
    struct slice replacement = codec_slice(command->replacement);
    enum outcome outcome = reason_check(codec_slice(command->reason), true);

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome == OUTCOME_DONE && command->has_replacement) {
        outcome = post_check_text(replacement, REPLACEMENT_CHARACTERS_MAX,
                                  OUTCOME_REPLACEMENT_TOO_LONG);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (command->n_message_ids == 0) {
        return OUTCOME_REDACTIONS_NONE;
    }
    if (command->n_message_ids > REDACTIONS_MAX) {
        return OUTCOME_REDACTIONS_TOO_MANY;
    }
    for (size_t i = 0; i < command->n_message_ids; i++) {
        if (find(turn, room, command->message_ids[i]) == NULL) {
            turn->value = i;
            return OUTCOME_MESSAGE_UNKNOWN;
        }
    }
    return OUTCOME_DONE;
}

static bool is_redacted(const struct said *said, const struct revised *revised)
{
    return said->state == revised->kind &&
           slice_equal(said->text, revised->text);
}

enum outcome message_redact(struct turn *turn,
                            const Perch__MessageRedact *command)
{
    const struct room *room = room_named(turn->machine, command->room);
    struct revised revised = {.kind = command->has_replacement
                                          ? REVISION_REPLACED
                                          : REVISION_REDACTED,
                              .reason = codec_slice(command->reason),
                              .text = codec_slice(command->replacement)};
    enum outcome outcome = check_redaction(turn, room, command);

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    /* By rising id and each once, in whatever order they were named. */
    for (size_t i = 0; i < turn->facts->n; i++) {
        if (!is_redacted(&turn->facts->said[i], &revised)) {
            effects_id(turn->effects, turn->facts->said[i].message_id);
        }
    }
    turn->value = turn->effects->n_ids;
    if (turn->effects->n_ids > 0) {
        tell(turn, room, &revised, 0);
    }
    return OUTCOME_DONE;
}

enum outcome room_clear(struct turn *turn, const Perch__RoomClear *command)
{
    struct room *room = room_named(turn->machine, command->room);
    enum outcome outcome = reason_check(codec_slice(command->reason), true);
    struct event *event;

    if (room == NULL) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome == OUTCOME_DONE &&
        (command->upto_id == 0 || command->upto_id > room->message_id_last)) {
        outcome = OUTCOME_MESSAGE_UNKNOWN;
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    if (command->upto_id > room->cleared_upto) {
        room->cleared_upto = command->upto_id;
        turn->effects->revised =
            (struct revised){.room = room->place.number,
                             .kind = REVISION_CLEARED,
                             .reason = codec_slice(command->reason),
                             .upto_id = command->upto_id,
                             .before_us = command->before_us};
        effects_id(turn->effects, 0);
        event = effects_event(turn->effects, EVENT_ROOM_CLEARED);
        event->room = room->place.number;
        event->guid = room->place.guid;
        event->message_id = command->upto_id;
        room_mark(turn->machine, room);
    }
    turn->value = room->cleared_upto;
    return OUTCOME_DONE;
}

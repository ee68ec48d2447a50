#include <string.h>

#include "proto/base/check.h"
#include "tests/model/twin.h"

#define DAY_US (INT64_C(86400) * 1000000)

void twin_remember(struct twin *twin, uint32_t user, const Perch__Post *post)
{
    struct twin_said *said = &twin->said[twin->n_said++];

    CHECK(twin->n_said <= TWIN_SAID);
    *said = (struct twin_said){.room = twin->message.room,
                               .id = twin->message.message_id,
                               .user = user,
                               .author = twin->users[user].uri,
                               .at = twin->now,
                               .story = post->story};
    twin_copy(&said->text, post->text, false);
    twin_copy(&said->extra, post->extra, false);
}

/* Not when the room was cleared of it: nobody can name it any more. */
static struct twin_said *find(struct twin *twin, uint32_t room, uint64_t id)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        struct twin_said *said = &twin->said[i];

        if (said->room == room && said->id == id && !said->gone &&
            id > twin->places[room].cleared) {
            return said;
        }
    }
    return NULL;
}

static enum outcome check_reason(ProtobufCBinaryData reason, bool must_be)
{
    long n = twin_characters(reason);

    if (reason.len == 0) {
        return must_be ? OUTCOME_REASON_MISSING : OUTCOME_DONE;
    }
    for (size_t i = 0; n >= 0 && i < reason.len; i++) {
        if (strchr("\t\r\n", reason.data[i]) != NULL) {
            n = -1;
        }
    }
    if (n < 0) {
        return OUTCOME_REASON_CHARACTER;
    }
    return n > 256 ? OUTCOME_REASON_TOO_LONG : OUTCOME_DONE;
}

static enum outcome check_author(const struct twin *twin, uint32_t user,
                                 const struct twin_said *said)
{
    uint32_t window = twin->settings[SETTING_CORRECTION_WINDOW_S];

    if (user != 0 && window == 0) {
        return OUTCOME_CORRECTION_OFF;
    }
    if (said == NULL) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    if (user != 0 &&
        (said->user != user || said->at <= twin->users[user].created)) {
        return OUTCOME_NOT_THE_AUTHOR;
    }
    if (said->state > REVISION_CORRECTED) {
        return OUTCOME_MESSAGE_TAKEN_BACK;
    }
    return user != 0 && twin->now - said->at > window * INT64_C(1000000)
               ? OUTCOME_CORRECTION_TOO_LATE
               : OUTCOME_DONE;
}

static void put(struct twin *twin, struct twin_said *said, enum revision state,
                ProtobufCBinaryData text, ProtobufCBinaryData extra)
{
    said->state = state;
    twin_copy(&said->text, text, false);
    twin_copy(&said->extra, extra, false);
    twin->revised = state;
    twin->ids[twin->n_ids++] = said->id;
}

static void tell(struct twin *twin, uint32_t room, uint32_t user)
{
    struct event *event = twin_event(twin, EVENT_MESSAGES_REVISED);

    event->room = room;
    event->guid = twin->places[room].guid;
    event->user = user;
    event->message_id = twin->ids[0];
    event->position = (uint32_t)twin->n_ids;
}

static bool is_text(const struct twin_text *text, ProtobufCBinaryData bytes)
{
    struct twin_text other;

    twin_copy(&other, bytes, false);
    return text->len == other.len &&
           twin_same(text->bytes, other.len, other.bytes, other.len);
}

enum outcome twin_correct(struct twin *twin, const Perch__Command *c)
{
    const Perch__MessageCorrect *correct = c->message_correct;
    uint32_t room = twin_place(twin, correct->room, true), user;
    enum outcome outcome = twin_acting(twin, c, &user);
    struct twin_said *said;

    if (outcome == OUTCOME_DONE) {
        outcome = twin_may_say(twin, c, room);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    said = find(twin, room, correct->message_id);
    outcome = check_author(twin, user, said);
    if (outcome == OUTCOME_DONE) {
        outcome =
            twin_check_said(twin, correct->text, correct->extra, said->story);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = twin_gate(twin);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    twin->value = said->id;
    if (!is_text(&said->text, correct->text) ||
        !is_text(&said->extra, correct->extra)) {
        put(twin, said, REVISION_CORRECTED, correct->text, correct->extra);
        tell(twin, room, user);
    }
    return OUTCOME_DONE;
}

enum outcome twin_withdraw(struct twin *twin, const Perch__Command *c)
{
    const Perch__MessageWithdraw *withdraw = c->message_withdraw;
    uint32_t room = twin_place(twin, withdraw->room, true), user = 0;
    const ProtobufCBinaryData none = {0, NULL};
    enum outcome outcome = OUTCOME_DONE;
    struct twin_said *said;

    if (c->administrator.len == 0) {
        outcome = twin_acting(twin, c, &user);
    }
    if (outcome == OUTCOME_DONE && room == 0) {
        outcome = OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome == OUTCOME_DONE && user != 0) {
        outcome = twin_may(twin, user, room);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_reason(withdraw->reason, false);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    said = find(twin, room, withdraw->message_id);
    outcome = check_author(twin, user, said);
    if (outcome == OUTCOME_DONE) {
        put(twin, said, REVISION_WITHDRAWN, none, none);
        tell(twin, room, user);
    } else if (outcome == OUTCOME_MESSAGE_TAKEN_BACK &&
               said->state == REVISION_WITHDRAWN) {
        outcome = OUTCOME_DONE;
    }
    twin->value = outcome == OUTCOME_DONE ? said->id : 0;
    return outcome;
}

static enum outcome check_redaction(struct twin *twin, uint32_t room,
                                    const Perch__MessageRedact *redact)
{
    enum outcome outcome = check_reason(redact->reason, true);
    long n = twin_characters(redact->replacement);

    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (redact->has_replacement && n < 1) {
        return n == -1   ? OUTCOME_TEXT_NOT_UTF8
               : n == -2 ? OUTCOME_TEXT_CHARACTER
                         : OUTCOME_TEXT_EMPTY;
    }
    if (n > 1024) {
        return OUTCOME_REPLACEMENT_TOO_LONG;
    }
    if (redact->n_message_ids == 0) {
        return OUTCOME_REDACTIONS_NONE;
    }
    if (redact->n_message_ids > 64) {
        return OUTCOME_REDACTIONS_TOO_MANY;
    }
    for (size_t i = 0; i < redact->n_message_ids; i++) {
        if (find(twin, room, redact->message_ids[i]) == NULL) {
            twin->value = i;
            return OUTCOME_MESSAGE_UNKNOWN;
        }
    }
    return OUTCOME_DONE;
}

static bool is_named(const Perch__MessageRedact *redact, uint64_t id)
{
    for (size_t i = 0; i < redact->n_message_ids; i++) {
        if (redact->message_ids[i] == id) {
            return true;
        }
    }
    return false;
}

enum outcome twin_redact(struct twin *twin, const Perch__MessageRedact *redact)
{
    uint32_t room = twin_place(twin, redact->room, true);
    const ProtobufCBinaryData none = {0, NULL};
    enum revision state =
        redact->has_replacement ? REVISION_REPLACED : REVISION_REDACTED;
    enum outcome outcome = check_redaction(twin, room, redact);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    for (size_t i = 0; i < twin->n_said; i++) { /* By rising id. */
        struct twin_said *said = &twin->said[i];

        if (said->room == room && !said->gone && is_named(redact, said->id) &&
            (said->state != state ||
             !is_text(&said->text, redact->replacement))) {
            put(twin, said, state, redact->replacement, none);
        }
    }
    twin->value = twin->n_ids;
    if (twin->n_ids > 0) {
        tell(twin, room, 0);
    }
    return OUTCOME_DONE;
}

enum outcome twin_clear(struct twin *twin, const Perch__RoomClear *clear)
{
    uint32_t room = twin_place(twin, clear->room, true);
    enum outcome outcome = check_reason(clear->reason, true);
    struct event *event;

    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (clear->upto_id < 1 || clear->upto_id > twin->places[room].message_id) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    if (clear->upto_id > twin->places[room].cleared) {
        twin->places[room].cleared = clear->upto_id;
        twin->revised = REVISION_CLEARED;
        twin->ids[twin->n_ids++] = 0;
        event = twin_event(twin, EVENT_ROOM_CLEARED);
        event->room = room;
        event->guid = twin->places[room].guid;
        event->message_id = clear->upto_id;
    }
    twin->value = twin->places[room].cleared;
    return OUTCOME_DONE;
}

static bool is_held(const struct twin *twin, uint32_t room)
{
    for (size_t i = 0; i < twin->n_holds; i++) {
        if (twin->holds[i].room == room) {
            return true;
        }
    }
    return false;
}

/* A hold on a user is one on all that was said under the URI, by whomever. */
static bool is_author_held(const struct twin *twin,
                           const struct twin_said *said)
{
    for (size_t i = 0; i < twin->n_holds; i++) {
        const struct twin_text *uri = &twin->users[twin->holds[i].user].uri;

        if (twin->holds[i].user != 0 &&
            twin_same(uri->bytes, uri->len, said->author.bytes,
                      said->author.len)) {
            return true;
        }
    }
    return false;
}

uint32_t twin_days(const struct twin *twin, uint32_t room)
{
    const struct twin_place *place = &twin->places[room];

    return place->has_days ? place->days : twin->places[place->category].days;
}

/* How many messages of the range there are, and whether the time of all is
 * over. */
static size_t look(const struct twin *twin, uint32_t room,
                   const Perch__RoomPurge *purge, bool *over)
{
    int64_t days = twin_days(twin, room);
    size_t n = 0;

    *over = true;
    for (size_t i = 0; i < twin->n_said; i++) {
        const struct twin_said *said = &twin->said[i];

        if (said->room == room && !said->gone && said->id > purge->after_id &&
            said->id <= purge->upto_id) {
            n += 1;
            *over &= twin->now - said->at > days * DAY_US;
        }
    }
    return n;
}

static void erase(struct twin *twin, uint32_t room,
                  const Perch__RoomPurge *purge)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        struct twin_said *said = &twin->said[i];

        if (said->room != room || said->gone || said->id <= purge->after_id ||
            said->id > purge->upto_id) {
            continue;
        }
        if (is_author_held(twin, said)) {
            twin->places[room].kept += 1;
        } else {
            said->gone = true;
            twin->ids[twin->n_ids++] = said->id;
            twin->purged = room;
        }
    }
}

/* A room, or one that was deleted and in which something was said. */
static uint32_t cellar(const struct twin *twin, ProtobufCBinaryData guid)
{
    uint32_t room = twin_place(twin, guid, true);

    for (uint32_t i = 1; room == 0 && guid.len == 16 && i <= twin->n_places;
         i++) {
        const struct twin_place *place = &twin->places[i];

        if (place->gone && place->message_id > 0 &&
            memcmp(place->guid.bytes, guid.data, 16) == 0) {
            return i;
        }
    }
    return room;
}

enum outcome twin_purge(struct twin *twin, const Perch__RoomPurge *purge)
{
    uint32_t room = cellar(twin, purge->room);
    struct twin_place *place = &twin->places[room];
    struct event *event;
    bool over;
    size_t n;

    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (is_held(twin, room)) {
        return OUTCOME_ROOM_HELD;
    }
    if (twin_days(twin, room) == 0) {
        return OUTCOME_RETENTION_NONE;
    }
    if (purge->after_id != place->swept) {
        return OUTCOME_PURGE_STALE;
    }
    if (purge->upto_id <= purge->after_id ||
        purge->upto_id > place->message_id) {
        return OUTCOME_MESSAGE_UNKNOWN;
    }
    n = look(twin, room, purge, &over);
    if (n > 100) {
        return OUTCOME_PURGE_TOO_MANY;
    }
    if (!over) {
        return OUTCOME_RETENTION_RUNS;
    }
    erase(twin, room, purge);
    place->swept = purge->upto_id;
    place->purged =
        place->purged > purge->upto_id ? place->purged : purge->upto_id;
    twin->value = twin->n_ids;
    event = twin_event(twin, EVENT_ROOM_PURGED);
    event->room = room;
    event->guid = place->guid;
    event->message_id = purge->upto_id;
    event->position = (uint32_t)twin->n_ids;
    return OUTCOME_DONE;
}

enum outcome twin_retain(struct twin *twin, const Perch__RetentionSet *set)
{
    bool is_room = set->room.len > 0;
    uint32_t place =
        twin_place(twin, is_room ? set->room : set->category, is_room);
    struct twin_place *at = &twin->places[place];
    bool has = is_room && set->has_days;
    uint32_t days = set->has_days ? set->days : 0;
    struct event *event;

    if (is_room == (set->category.len > 0)) {
        return OUTCOME_RETENTION_TARGET;
    }
    if (days > 36500) {
        return OUTCOME_RETENTION_OUT_OF_RANGE;
    }
    if (place == 0) {
        return is_room ? OUTCOME_ROOM_UNKNOWN : OUTCOME_CATEGORY_UNKNOWN;
    }
    if (at->has_days != has || at->days != days) {
        at->has_days = has;
        at->days = days;
        event = twin_event(twin, EVENT_RETENTION_CHANGED);
        event->room = place;
        event->guid = at->guid;
    }
    twin->value = is_room ? twin_days(twin, place) : days;
    return OUTCOME_DONE;
}

/* What a hold is about, and which one it is: n_holds when none. */
static enum outcome find_hold(const struct twin *twin, ProtobufCBinaryData name,
                              ProtobufCBinaryData reason,
                              ProtobufCBinaryData room,
                              ProtobufCBinaryData user, struct twin_hold *hold,
                              size_t *at)
{
    enum outcome outcome = name.len == 0
                               ? OUTCOME_NAME_EMPTY
                               : twin_check_line(name, OUTCOME_NAME_TOO_LONG);

    if (outcome == OUTCOME_DONE) {
        outcome = check_reason(reason, true);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if ((room.len > 0) == (user.len > 0)) {
        return OUTCOME_HOLD_TARGET;
    }
    hold->room = room.len > 0 ? twin_place(twin, room, true) : 0;
    hold->user = user.len > 0 ? twin_user(twin, user) : 0;
    if (hold->room == 0 && hold->user == 0) {
        return room.len > 0 ? OUTCOME_ROOM_UNKNOWN : OUTCOME_USER_UNKNOWN;
    }
    twin_copy(&hold->name, name, true);
    for (*at = 0; *at < twin->n_holds; (*at)++) {
        const struct twin_hold *other = &twin->holds[*at];

        if (other->room == hold->room && other->user == hold->user &&
            other->name.len == hold->name.len &&
            twin_same(other->name.bytes, other->name.len, hold->name.bytes,
                      hold->name.len)) {
            break;
        }
    }
    return OUTCOME_DONE;
}

static void tell_hold(struct twin *twin, const struct twin_hold *hold,
                      bool is_in)
{
    struct event *event = twin_event(twin, EVENT_HOLD_CHANGED);

    twin->value = hold->number;
    event->message_id = hold->number;
    event->is_in = is_in;
    event->room = hold->room;
    event->user = hold->user;
    if (hold->room != 0) {
        event->guid = twin->places[hold->room].guid;
    }
}

enum outcome twin_hold(struct twin *twin, const Perch__HoldPlace *place)
{
    struct twin_hold hold = {.number = twin->hold_last + 1};
    size_t at = 0;
    enum outcome outcome = find_hold(twin, place->name, place->reason,
                                     place->room, place->user, &hold, &at);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (at < twin->n_holds) {
        return OUTCOME_HOLD_EXISTS;
    }
    if (twin->n_holds >= twin->settings[SETTING_HOLDS_MAX]) {
        return OUTCOME_HOLDS_FULL;
    }
    CHECK(twin->n_holds < TWIN_HOLDS);
    twin->holds[twin->n_holds++] = hold;
    twin->hold_last = hold.number;
    tell_hold(twin, &hold, true);
    return OUTCOME_DONE;
}

enum outcome twin_lift(struct twin *twin, const Perch__HoldLift *lift)
{
    struct twin_hold hold = {.number = 0};
    size_t at = 0;
    enum outcome outcome = find_hold(twin, lift->name, lift->reason, lift->room,
                                     lift->user, &hold, &at);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (at == twin->n_holds) {
        return OUTCOME_HOLD_UNKNOWN;
    }
    hold = twin->holds[at];
    twin->n_holds -= 1;
    memmove(&twin->holds[at], &twin->holds[at + 1],
            (twin->n_holds - at) * sizeof(twin->holds[0]));
    tell_hold(twin, &hold, false);
    for (uint32_t i = 1; hold.user != 0 && i <= twin->n_places; i++) {
        if (twin->places[i].kept > 0) {
            twin->places[i].kept = 0;
            twin->places[i].swept = 0;
        }
    }
    return OUTCOME_DONE;
}

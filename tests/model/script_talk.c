#include <string.h>

#include "tests/model/script_parts.h"

static const char *const reasons[] = {"why not", "policy 7", "", "a\nb",
                                      "\xff"};
static const char *const cases[] = {"Smith", "smith", "Jones", "", "a\tb"};

static ProtobufCBinaryData reason(struct script *s, struct arena *arena)
{
    if (script_rarely(s, 40)) {
        return script_fill(arena, 250 + script_below(s, 10), 'r');
    }
    return script_text(
        reasons[script_below(s, script_rarely(s, 12) ? COUNT(reasons) : 2)]);
}

/* A message of some room, mostly one of the last ones that were said. */
static const struct twin_said *message(struct script *s)
{
    size_t n = s->twin->n_said;

    if (n == 0) {
        return NULL;
    }
    if (script_rarely(s, 4)) {
        return &s->twin->said[script_below(s, (uint32_t)n)];
    }
    return &s->twin->said[n - 1 - script_below(s, n < 12 ? (uint32_t)n : 12)];
}

/* One that the acting user has said, mostly. */
static const struct twin_said *own(struct script *s, const Perch__Command *c)
{
    const struct twin_said *said = message(s);

    for (int i = 0; i < 60 && said != NULL; i++) {
        const struct twin_text *uri = &s->twin->users[said->user].uri;

        if (script_rarely(s, 20) ||
            (uri->len == c->user.len &&
             twin_same_nocase(uri->bytes, uri->len, c->user.data,
                              c->user.len))) {
            return said;
        }
        said = message(s);
    }
    return said;
}

static ProtobufCBinaryData room_of(struct script *s, struct arena *arena,
                                   const struct twin_said *said)
{
    const struct guid *guid;

    if (said == NULL || script_rarely(s, 60)) {
        return script_room(s, arena);
    }
    guid = &s->twin->places[said->room].guid;
    return codec_bytes(slice_of(guid->bytes, GUID_BYTES));
}

static uint64_t id_of(struct script *s, const struct twin_said *said)
{
    return said == NULL || script_rarely(s, 60) ? script_below(s, 200)
                                                : said->id;
}

void script_say_correct(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    Perch__MessageCorrect *correct = c->message_correct =
        MAKE(arena, message_correct);
    const struct twin_said *said = own(s, c);

    CODEC_SET(correct, room, room_of(s, arena, said));
    CODEC_SET(correct, message_id, id_of(s, said));
    CODEC_SET(correct, text, script_words(s));
    if (script_rarely(s, 4)) {
        CODEC_SET(correct, extra, script_words(s));
    }
}

void script_say_withdraw(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    Perch__MessageWithdraw *withdraw = c->message_withdraw =
        MAKE(arena, message_withdraw);
    const struct twin_said *said =
        c->administrator.len > 0 ? message(s) : own(s, c);

    CODEC_SET(withdraw, room, room_of(s, arena, said));
    CODEC_SET(withdraw, message_id, id_of(s, said));
    if (script_rarely(s, 2)) {
        CODEC_SET(withdraw, reason, reason(s, arena));
    }
}

void script_say_redact(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__MessageRedact *redact = c->message_redact =
        MAKE(arena, message_redact);
    const struct twin_said *said = message(s);
    uint64_t first = id_of(s, said);

    CODEC_SET(redact, room, room_of(s, arena, said));
    CODEC_SET(redact, reason, reason(s, arena));
    redact->n_message_ids =
        script_rarely(s, 30) ? 35 * script_below(s, 3) : 1 + script_below(s, 4);
    redact->message_ids = arena_alloc(arena, 70 * sizeof(*redact->message_ids));
    for (size_t i = 0; i < redact->n_message_ids; i++) {
        redact->message_ids[i] = first > 4 ? first - script_below(s, 4) : first;
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(redact, replacement, script_words(s));
    }
    if (script_rarely(s, 60)) {
        CODEC_SET(redact, replacement,
                  script_fill(arena, 1020 + script_below(s, 8), 'p'));
    }
}

void script_say_clear(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__RoomClear *clear = c->room_clear = MAKE(arena, room_clear);
    const struct twin_said *said = message(s);

    CODEC_SET(clear, room, room_of(s, arena, said));
    CODEC_SET(clear, upto_id, script_below(s, (uint32_t)id_of(s, said) + 2));
    CODEC_SET(clear, reason, reason(s, arena));
}

void script_say_purge(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__RoomPurge *purge = c->room_purge = MAKE(arena, room_purge);
    const struct twin_said *said = message(s);
    const struct twin_place *place =
        said == NULL ? NULL : &s->twin->places[said->room];
    uint64_t after = place == NULL ? 0 : place->swept;
    uint32_t left =
        place == NULL ? 0 : (uint32_t)(place->message_id - place->swept);

    CODEC_SET(purge, room, room_of(s, arena, said));
    CODEC_SET(purge, after_id,
              script_rarely(s, 12) ? after + script_below(s, 3) : after);
    CODEC_SET(purge, upto_id,
              after + (left > PURGES_MAX || script_rarely(s, 6)
                           ? script_below(s, left + 2)
                           : script_below(s, left / 4 + 2)));
}

void script_say_retain(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__RetentionSet *set = c->retention_set = MAKE(arena, retention_set);
    uint32_t what = script_below(s, 12);

    if (what != 0) {
        if (what > 5) {
            CODEC_SET(set, room, script_room(s, arena));
        } else {
            CODEC_SET(set, category, script_category(s, arena));
        }
    } else if (script_rarely(s, 2)) {
        CODEC_SET(set, room, script_room(s, arena));
        CODEC_SET(set, category, script_category(s, arena));
    }
    if (!script_rarely(s, 6)) {
        CODEC_SET(set, days,
                  script_rarely(s, 20) ? 36499 + script_below(s, 3)
                                       : script_below(s, 4));
    }
}

/* A room, a user, now and then both or neither. */
static void aim(struct script *s, struct arena *arena,
                ProtobufCBinaryData *room, ProtobufCBinaryData *user)
{
    uint32_t what = script_below(s, 40);

    if (what % 2 == 0 && what != 0) {
        *room = script_room(s, arena);
    }
    if (what % 2 == 1 || what == 2) {
        *user = script_uri(s);
    }
}

static ProtobufCBinaryData name(struct script *s, struct arena *arena)
{
    if (script_rarely(s, 60)) {
        return script_fill(arena, 257, 'c');
    }
    return script_text(
        cases[script_below(s, script_rarely(s, 12) ? COUNT(cases) : 3)]);
}

void script_say_hold(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__HoldPlace *place = c->hold_place = MAKE(arena, hold_place);
    ProtobufCBinaryData room = {0, NULL}, user = {0, NULL};

    aim(s, arena, &room, &user);
    CODEC_SET(place, name, name(s, arena));
    CODEC_SET(place, reason, reason(s, arena));
    CODEC_SET(place, room, room);
    CODEC_SET(place, user, user);
}

void script_say_lift(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__HoldLift *lift = c->hold_lift = MAKE(arena, hold_lift);
    ProtobufCBinaryData room = {0, NULL}, user = {0, NULL};
    const struct twin_hold *hold = NULL;

    aim(s, arena, &room, &user);
    CODEC_SET(lift, name, name(s, arena));
    CODEC_SET(lift, reason, reason(s, arena));
    if (s->twin->n_holds > 0 && !script_rarely(s, 10)) {
        hold = &s->twin->holds[script_below(s, (uint32_t)s->twin->n_holds)];
        CODEC_SET(lift, name,
                  codec_bytes(slice_of(hold->name.bytes, hold->name.len)));
        room.len = user.len = 0;
    }
    if (hold != NULL && hold->room != 0) {
        const struct guid *guid = &s->twin->places[hold->room].guid;

        room = codec_bytes(slice_of(guid->bytes, GUID_BYTES));
    } else if (hold != NULL) {
        const struct twin_text *uri = &s->twin->users[hold->user].uri;

        user = codec_bytes(slice_of(uri->bytes, uri->len));
    }
    CODEC_SET(lift, room, room);
    CODEC_SET(lift, user, user);
}

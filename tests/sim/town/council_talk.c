/* What becomes of what was said: taken back, kept, ended, brought from
 * elsewhere. */
#include "proto/codec.h"
#include "tests/sim/town/council.h"
#include "tests/sim/town/council_words.h"

enum {
    REDACTED_MAX = 3,
    IMPORTED_MAX = 4,
    DAYS_MAX = 2,
    PURGED_MAX = 60,
    CASES = 4,
};

static unsigned any_room(struct decision *decision)
{
    return council_odds(decision, 2) ? council_club(decision)
                                     : council_below(decision, LEDGER_SQUARES);
}

/* A message that is there, but for one in so many. */
static uint64_t any_message(struct decision *decision, unsigned room)
{
    uint64_t told = decision->town->ledger.rooms[room].told;

    return 1 + random_below(decision->random, told + 1);
}

void council_place_hold(struct decision *decision)
{
    Perch__HoldPlace *place = COUNCIL_MAKE(decision, HOLD_PLACE, hold_place);

    CODEC_SET(
        place, name,
        council_named(decision, "Case ", council_below(decision, CASES), ""));
    if (council_odds(decision, 3)) {
        CODEC_SET(
            place, user,
            council_user(decision, council_below(decision, COUNCIL_USERS)));
    } else {
        CODEC_SET(place, room, council_room(decision, council_club(decision)));
    }
    CODEC_SET(place, reason, council_text("an inquiry"));
}

void council_lift_hold(struct decision *decision)
{
    Perch__HoldLift *lift = COUNCIL_MAKE(decision, HOLD_LIFT, hold_lift);

    CODEC_SET(
        lift, name,
        council_named(decision, "Case ", council_below(decision, CASES), ""));
    if (council_odds(decision, 3)) {
        CODEC_SET(
            lift, user,
            council_user(decision, council_below(decision, COUNCIL_USERS)));
    } else {
        CODEC_SET(lift, room, council_room(decision, council_club(decision)));
    }
    CODEC_SET(lift, reason, council_text("no inquiry"));
}

void council_redact(struct decision *decision)
{
    Perch__MessageRedact *redact =
        COUNCIL_MAKE(decision, MESSAGE_REDACT, message_redact);
    unsigned room = any_room(decision);
    size_t n = 1 + council_below(decision, REDACTED_MAX);

    CODEC_SET(redact, room, council_room(decision, room));
    redact->message_ids = arena_alloc(decision->arena, n * sizeof(uint64_t));
    for (size_t i = 0; redact->message_ids != NULL && i < n; i++) {
        redact->message_ids[redact->n_message_ids++] =
            any_message(decision, room);
    }
    CODEC_SET(redact, reason, council_text("unfit"));
    if (council_odds(decision, 2)) {
        CODEC_SET(redact, replacement,
                  council_named(decision, "instead ",
                                council_below(decision, 100), ""));
    }
}

void council_clear(struct decision *decision)
{
    Perch__RoomClear *clear = COUNCIL_MAKE(decision, ROOM_CLEAR, room_clear);
    unsigned room = council_club(decision);

    CODEC_SET(clear, room, council_room(decision, room));
    CODEC_SET(clear, upto_id, any_message(decision, room));
    CODEC_SET(clear, reason, council_text("a fresh start"));
}

void council_withdraw(struct decision *decision)
{
    Perch__MessageWithdraw *withdraw =
        COUNCIL_MAKE(decision, MESSAGE_WITHDRAW, message_withdraw);
    unsigned room = any_room(decision);

    CODEC_SET(withdraw, room, council_room(decision, room));
    CODEC_SET(withdraw, message_id, any_message(decision, room));
    CODEC_SET(withdraw, reason, council_text("asked to"));
}

void council_retain(struct decision *decision)
{
    Perch__RetentionSet *set =
        COUNCIL_MAKE(decision, RETENTION_SET, retention_set);

    if (council_odds(decision, 3)) {
        CODEC_SET(
            set, category,
            council_hall(decision, council_below(decision, COUNCIL_HALLS)));
    } else {
        CODEC_SET(set, room, council_room(decision, council_club(decision)));
    }
    if (!council_odds(decision, 6)) {
        CODEC_SET(set, days,
                  council_odds(decision, 4)
                      ? 0
                      : 1 + council_below(decision, DAYS_MAX));
    }
}

void council_purge(struct decision *decision)
{
    Perch__RoomPurge *purge = COUNCIL_MAKE(decision, ROOM_PURGE, room_purge);
    const struct witness *witness = decision->town->witness;
    unsigned room = council_club(decision), n = PURGED_MAX;
    uint64_t after = any_message(decision, room);

    if (witness != NULL && !council_odds(decision, 8)) {
        after = witness_room(witness, room).swept;
        if (witness_room(witness, room).last < after + n) { /* All there is. */
            n = (unsigned)(witness_room(witness, room).last + 1 - after);
        }
    }
    CODEC_SET(purge, room, council_room(decision, room));
    CODEC_SET(purge, after_id, after);
    CODEC_SET(purge, upto_id, after + 1 + council_below(decision, n));
}

static Perch__MessagesImport__Message *imported(struct decision *decision,
                                                unsigned room, int64_t at_us)
{
    Perch__MessagesImport__Message *message =
        council_make(decision, &perch__messages_import__message__descriptor);
    uint64_t number = ledger_post(&decision->town->ledger, room, LEDGER_NOBODY);

    message->post = council_make(decision, &perch__post__descriptor);
    CODEC_SET(
        message, author,
        council_user(decision, council_below(decision, COUNCIL_USERS + 1)));
    CODEC_SET(message, sent_at_us, at_us);
    CODEC_SET(message->post, text, council_named(decision, "", number, ""));
    return message;
}

/* A club that was just made gets some first, so that what is older than any
 * retention stands at its beginning. */
void council_import(struct decision *decision)
{
    Perch__MessagesImport *import =
        COUNCIL_MAKE(decision, MESSAGES_IMPORT, messages_import);
    struct council *council = &decision->town->council;
    const struct witness *witness = decision->town->witness;
    unsigned room = council->imports ? LEDGER_SQUARES + council->clubs - 1
                                     : council_club(decision);
    size_t n = 1 + council_below(decision, IMPORTED_MAX);

    council->imports = false;
    CODEC_SET(import, room, council_room(decision, room));
    CODEC_SET(import, first_id,
              witness == NULL || council_odds(decision, 8)
                  ? any_message(decision, room)
                  : witness_room(witness, room).last + 1);
    import->messages = arena_alloc(decision->arena, n * sizeof(void *));
    for (size_t i = 0; import->messages != NULL && i < n; i++) {
        import->messages[import->n_messages++] =
            imported(decision, room, TOWN_SECOND + (int64_t)i);
    }
}

#include "tests/unit/talk_fixture.h"

#include "tests/unit/test.h"

int talk_setup(void **state)
{
    struct chat_fixture *f;

    fixture_setup(state);
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_open(f, 2, CAROL, 3), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->lobby), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "one", NULL), DONE);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "two", NULL), DONE);
    assert_outcome(fixture_post(f, 1, ALICE, 1, &f->lobby, "three", NULL),
                   DONE);
    return 0;
}

static uint8_t node_of(uint64_t serial)
{
    return serial == 1 ? 1 : 2;
}

enum outcome talk_correct(struct chat_fixture *f, const char *user,
                          uint64_t serial, const struct guid *room,
                          uint64_t message_id, const char *text)
{
    Perch__MessageCorrect correct = PERCH__MESSAGE_CORRECT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&correct, room, fixture_guid_bytes(room));
    CODEC_SET(&correct, message_id, message_id);
    CODEC_SET_BYTES(&correct, text, slice_of_text(text));
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_CORRECT;
    command.message_correct = &correct;
    return fixture_apply(f, node_of(serial), &command);
}

enum outcome talk_withdraw(struct chat_fixture *f, const char *user,
                           uint64_t serial, const struct guid *room,
                           uint64_t message_id)
{
    Perch__MessageWithdraw withdraw = PERCH__MESSAGE_WITHDRAW__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&withdraw, room, fixture_guid_bytes(room));
    CODEC_SET(&withdraw, message_id, message_id);
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_WITHDRAW;
    command.message_withdraw = &withdraw;
    if (user == NULL) {
        return fixture_administer(f, &command);
    }
    CODEC_SET(&command, user, fixture_text(user));
    CODEC_SET(&command, session, serial);
    return fixture_apply(f, node_of(serial), &command);
}

enum outcome talk_redact(struct chat_fixture *f, const struct guid *room,
                         size_t n, uint64_t *ids, const char *reason,
                         const char *replacement)
{
    Perch__MessageRedact redact = PERCH__MESSAGE_REDACT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&redact, room, fixture_guid_bytes(room));
    redact.n_message_ids = n;
    redact.message_ids = ids;
    CODEC_SET_BYTES(&redact, reason, slice_of_text(reason));
    if (replacement != NULL) {
        CODEC_SET(&redact, replacement, fixture_text(replacement));
    }
    command.kind_case = PERCH__COMMAND__KIND_MESSAGE_REDACT;
    command.message_redact = &redact;
    return fixture_administer(f, &command);
}

enum outcome talk_clear(struct chat_fixture *f, const struct guid *room,
                        uint64_t upto_id, const char *reason)
{
    Perch__RoomClear clear = PERCH__ROOM_CLEAR__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&clear, room, fixture_guid_bytes(room));
    CODEC_SET(&clear, upto_id, upto_id);
    CODEC_SET_BYTES(&clear, reason, slice_of_text(reason));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CLEAR;
    command.room_clear = &clear;
    return fixture_administer(f, &command);
}

enum outcome talk_purge(struct chat_fixture *f, const struct guid *room,
                        uint64_t after_id, uint64_t upto_id)
{
    Perch__RoomPurge purge = PERCH__ROOM_PURGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&purge, room, fixture_guid_bytes(room));
    CODEC_SET(&purge, after_id, after_id);
    CODEC_SET(&purge, upto_id, upto_id);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_PURGE;
    command.room_purge = &purge;
    return fixture_apply(f, 1, &command);
}

enum outcome talk_retain(struct chat_fixture *f, const struct guid *room,
                         int days)
{
    Perch__RetentionSet set = PERCH__RETENTION_SET__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    if (room != NULL) {
        CODEC_SET(&set, room, fixture_guid_bytes(room));
    } else {
        CODEC_SET(&set, category, fixture_guid_bytes(&f->trade));
    }
    if (days >= 0) {
        CODEC_SET(&set, days, (uint32_t)days);
    }
    command.kind_case = PERCH__COMMAND__KIND_RETENTION_SET;
    command.retention_set = &set;
    return fixture_administer(f, &command);
}

enum outcome talk_hold(struct chat_fixture *f, const char *name,
                       const struct guid *room, const char *user)
{
    Perch__HoldPlace place = PERCH__HOLD_PLACE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&place, name, slice_of_text(name));
    CODEC_SET_BYTES(&place, reason, SLICE_LITERAL("the court asks"));
    if (room != NULL) {
        CODEC_SET(&place, room, fixture_guid_bytes(room));
    }
    if (user != NULL) {
        CODEC_SET(&place, user, fixture_text(user));
    }
    command.kind_case = PERCH__COMMAND__KIND_HOLD_PLACE;
    command.hold_place = &place;
    return fixture_administer(f, &command);
}

enum outcome talk_lift(struct chat_fixture *f, const char *name,
                       const struct guid *room, const char *user)
{
    Perch__HoldLift lift = PERCH__HOLD_LIFT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&lift, name, slice_of_text(name));
    CODEC_SET_BYTES(&lift, reason, SLICE_LITERAL("settled"));
    if (room != NULL) {
        CODEC_SET(&lift, room, fixture_guid_bytes(room));
    }
    if (user != NULL) {
        CODEC_SET(&lift, user, fixture_text(user));
    }
    command.kind_case = PERCH__COMMAND__KIND_HOLD_LIFT;
    command.hold_lift = &lift;
    return fixture_administer(f, &command);
}

struct said talk_said(const struct chat_fixture *f, const struct guid *room,
                      uint64_t message_id)
{
    return said_book_now(f->book, fixture_view(f, room).place.number,
                         message_id);
}

void talk_days(struct chat_fixture *f, int days)
{
    f->now_us += days * INT64_C(86400) * 1000000;
}

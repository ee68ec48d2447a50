#include "node/chat/retention.h"

#include <stdlib.h>

#include "tests/unit/row_store.h"
#include "tests/unit/talk_fixture.h"
#include "tests/unit/test.h"

static size_t messages(const struct chat_fixture *f)
{
    return said_book_messages(f->book, fixture_view(f, &f->lobby).place.number);
}

/* A room keeps as its category does until it has a word of its own, which may
 * be for ever; taken away, the category's holds again. */
static void test_retention_set__the_rooms_own_word_first(void **state)
{
    struct chat_fixture *f = *state;

    assert_int_equal(fixture_view(f, &f->lobby).retention_days, 0);
    assert_outcome(talk_retain(f, NULL, 30), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).retention_days, 30);
    assert_outcome(talk_retain(f, &f->lobby, 0), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).retention_days, 0);
    assert_int_equal(fixture_view(f, &f->desk).retention_days, 30);
    assert_outcome(talk_retain(f, &f->lobby, -1), DONE);
    assert_int_equal(f->applied.value, 30);
    assert_outcome(talk_retain(f, &f->lobby, -1), DONE);
    assert_no_trace(f);
    assert_outcome(talk_retain(f, &f->lobby, RETENTION_DAYS_MAX + 1),
                   RETENTION_OUT_OF_RANGE);
}

/* Retention is of one room or one category that is there. */
static void test_retention_set__of_one(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RetentionSet set = PERCH__RETENTION_SET__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_RETENTION_SET;
    command.retention_set = &set;
    assert_outcome(fixture_administer(f, &command), RETENTION_TARGET);
    CODEC_SET(&set, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&set, category, fixture_guid_bytes(&f->trade));
    assert_outcome(fixture_administer(f, &command), RETENTION_TARGET);
    set.room.len = 0;
    CODEC_SET(&set, category, fixture_guid_bytes(&f->lobby));
    assert_outcome(fixture_administer(f, &command), CATEGORY_UNKNOWN);
    assert_outcome(talk_retain(f, &f->trade, 1), ROOM_UNKNOWN);
}

/* When retention has ended messages are erased, revisions and all, and the
 * room goes on counting where it was. */
static void test_room_purge__erases(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_retain(f, &f->lobby, 1), DONE);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, 2), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(f->effects.purged_room,
                     fixture_view(f, &f->lobby).place.number);
    assert_int_equal(f->effects.n_ids, 2);
    assert_int_equal(messages(f), 1);
    assert_int_equal(fixture_view(f, &f->lobby).swept_upto, 2);
    assert_int_equal(fixture_view(f, &f->lobby).purged_upto, 2);
    assert_outcome(talk_correct(f, BOB, 2, &f->lobby, 2, "x"), MESSAGE_UNKNOWN);
    assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "four", NULL), DONE);
    assert_int_equal(f->applied.value, 4);
}

/* One message whose time is not over keeps all; at the end of its last day it
 * is still kept. */
static void test_room_purge__not_too_soon(void **state)
{
    struct chat_fixture *f = *state;
    int64_t sent;

    assert_outcome(talk_purge(f, &f->lobby, 0, 3), RETENTION_NONE);
    assert_outcome(talk_retain(f, &f->lobby, 1), DONE);
    sent = talk_said(f, &f->lobby, 3).sent_at_us;
    f->now_us = sent + INT64_C(86400) * 1000000;
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), RETENTION_RUNS);
    assert_no_trace(f);
    f->now_us = sent + INT64_C(86400) * 1000000 + 1;
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
}

/* Purges follow each other: one that was thought of elsewhere is refused, as is
 * one that goes nowhere. */
static void test_room_purge__in_order(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_retain(f, &f->lobby, 1), DONE);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 1, 2), PURGE_STALE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 0), MESSAGE_UNKNOWN);
    assert_outcome(talk_purge(f, &f->lobby, 0, 4), MESSAGE_UNKNOWN);
    assert_outcome(talk_purge(f, &f->trade, 0, 1), ROOM_UNKNOWN);
    assert_outcome(talk_purge(f, &f->lobby, 0, 2), DONE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 2), PURGE_STALE);
}

/* No entry looks at more than a few messages. */
static void test_room_purge__bounded(void **state)
{
    struct chat_fixture *f = *state;

    for (int i = 3; i < PURGES_MAX + 1; i++) {
        assert_outcome(fixture_post(f, 2, BOB, 2, &f->lobby, "x", NULL), DONE);
    }
    assert_outcome(talk_retain(f, &f->lobby, 1), DONE);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, PURGES_MAX + 1), PURGE_TOO_MANY);
    assert_outcome(talk_purge(f, &f->lobby, 0, PURGES_MAX), DONE);
    assert_int_equal(messages(f), 1);
}

/* A hold on a room keeps all of it; two holds are lifted one by one. */
static void test_hold_place__keeps_a_room(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_retain(f, &f->lobby, 1), DONE);
    assert_outcome(talk_hold(f, "Smith", &f->lobby, NULL), DONE);
    assert_outcome(talk_hold(f, "Jones", &f->lobby, NULL), DONE);
    assert_outcome(talk_hold(f, "SMITH", &f->lobby, NULL), HOLD_EXISTS);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), ROOM_HELD);
    assert_no_trace(f);
    assert_outcome(talk_lift(f, "smith", &f->lobby, NULL), DONE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), ROOM_HELD);
    assert_outcome(talk_lift(f, "Jones", &f->lobby, NULL), DONE);
    assert_outcome(talk_lift(f, "Jones", &f->lobby, NULL), HOLD_UNKNOWN);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
}

/* What a user said who is held is passed over, in every room, and erased when
 * the last hold on the user is lifted. */
static void test_hold_place__keeps_what_a_user_said(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_retain(f, NULL, 1), DONE);
    assert_outcome(talk_hold(f, "Smith", NULL, BOB), DONE);
    assert_int_equal(fixture_event(f, EVENT_HOLD_CHANGED)->room, 0);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
    assert_int_equal(f->applied.value, 1); /* Alice's. */
    assert_int_equal(messages(f), 2);
    assert_int_equal(fixture_view(f, &f->lobby).swept_upto, 3);
    assert_outcome(talk_lift(f, "Smith", NULL, BOB), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).swept_upto, 0);
    assert_int_equal(fixture_view(f, &f->lobby).purged_upto, 3);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(messages(f), 0);
}

/* A hold has a name, a reason and one target; there are so many at most. */
static void test_hold_place__of_one(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_hold(f, "", &f->lobby, NULL), NAME_EMPTY);
    assert_outcome(talk_hold(f, "x", NULL, NULL), HOLD_TARGET);
    assert_outcome(talk_hold(f, "x", &f->lobby, BOB), HOLD_TARGET);
    assert_outcome(talk_hold(f, "x", &f->trade, NULL), ROOM_UNKNOWN);
    assert_outcome(talk_hold(f, "x", NULL, "sip:eve@example.com"),
                   USER_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_HOLDS_MAX, 1), DONE);
    assert_outcome(talk_hold(f, "x", NULL, CAROL), DONE);
    assert_outcome(talk_hold(f, "y", NULL, CAROL), HOLDS_FULL);
    assert_outcome(talk_lift(f, "x", NULL, CAROL), DONE);
    assert_outcome(talk_hold(f, "y", NULL, CAROL), DONE);
}

static void take(void *context, const struct row_key *key,
                 const struct slice *value)
{
    row_store_take(context, key, value);
}

static void restart(struct chat_fixture *f)
{
    struct row_store *rows = row_store_new();
    struct machine *again;
    enum error error;

    machine_write_all(f->machine, take, rows);
    again = row_store_machine(rows, COMMAND_RULES_KNOWN, &error);
    assert_non_null(again);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    machine_free(f->machine);
    f->machine = again;
    row_store_free(rows);
}

static enum outcome delete_lobby(struct chat_fixture *f)
{
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, room, fixture_guid_bytes(&f->lobby));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    return fixture_administer(f, &command);
}

/* What was said in a room that is deleted is kept as long as it would have been
 * and no longer, whatever becomes of its category; also by who is held. */
static void test_room_purge__goes_on_when_the_room_is_deleted(void **state)
{
    struct chat_fixture *f = *state;
    uint32_t number = fixture_view(f, &f->lobby).place.number;
    struct tombstone_view gone;

    assert_outcome(talk_retain(f, NULL, 1), DONE);
    assert_outcome(talk_hold(f, "Smith", NULL, BOB), DONE);
    assert_outcome(delete_lobby(f), DONE);
    assert_outcome(talk_retain(f, NULL, 0), DONE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), RETENTION_RUNS);
    assert_no_trace(f);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 1, 3), PURGE_STALE);
    assert_outcome(talk_purge(f, &f->lobby, 0, 4), MESSAGE_UNKNOWN);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_int_equal(f->effects.purged_room, number);
    assert_int_equal(said_book_messages(f->book, number), 2);
    restart(f);
    assert_true(query_tombstone(f->machine, &f->lobby, &gone));
    assert_int_equal(gone.retention_days, 1);
    assert_int_equal(gone.swept_upto, 3);
    assert_outcome(talk_lift(f, "Smith", NULL, BOB), DONE);
    restart(f);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
    assert_int_equal(said_book_messages(f->book, number), 0);
}

/* Beneath a room without retention all stays; beneath one in which nothing was
 * said there is nothing to purge. */
static void test_room_purge__not_of_a_deleted_room_kept_for_ever(void **state)
{
    struct chat_fixture *f = *state;
    struct guid none = fixture_guid(99);

    assert_outcome(delete_lobby(f), DONE);
    assert_outcome(talk_retain(f, NULL, 1), DONE);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), RETENTION_NONE);
    assert_outcome(talk_purge(f, &none, 0, 3), ROOM_UNKNOWN);
    assert_no_trace(f);
}

/* After a restart the same is held, kept, cleared and purged. */
static void test_hold_place__after_a_restart(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_retain(f, NULL, 1), DONE);
    assert_outcome(talk_retain(f, &f->desk, 0), DONE);
    assert_outcome(talk_hold(f, "Smith", NULL, BOB), DONE);
    assert_outcome(talk_hold(f, "Smith", &f->desk, NULL), DONE);
    assert_outcome(talk_clear(f, &f->lobby, 1, "old"), DONE);
    talk_days(f, 2);
    assert_outcome(talk_purge(f, &f->lobby, 0, 3), DONE);
    restart(f);
    assert_outcome(talk_hold(f, "Smith", NULL, BOB), HOLD_EXISTS);
    assert_outcome(talk_purge(f, &f->desk, 0, 1), ROOM_HELD);
    assert_outcome(talk_lift(f, "Smith", NULL, BOB), DONE);
    assert_int_equal(fixture_view(f, &f->lobby).swept_upto, 0);
}

#define IN(function)                                                           \
    cmocka_unit_test_setup_teardown(test_##function, talk_setup,               \
                                    fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(retention_set__the_rooms_own_word_first),
        IN(retention_set__of_one),
        IN(room_purge__erases),
        IN(room_purge__not_too_soon),
        IN(room_purge__in_order),
        IN(room_purge__bounded),
        IN(hold_place__keeps_a_room),
        IN(hold_place__keeps_what_a_user_said),
        IN(hold_place__of_one),
        IN(hold_place__after_a_restart),
        IN(room_purge__goes_on_when_the_room_is_deleted),
        IN(room_purge__not_of_a_deleted_room_kept_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

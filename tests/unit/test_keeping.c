#include "node/session/keeping.h"

#include "node/chat/query.h"
#include "node/chat/view.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/stage.h"
#include "tests/unit/test.h"

enum { SECONDS_AT_FIRST = 1900000000, DAY_S = 86400 };

static struct guid lobby(void)
{
    struct guid guid;

    assert_int_equal(guid_read(slice_of_text(LOBBY_ID), &guid), ERROR_NONE);
    return guid;
}

static const struct machine *machine(const struct stage *s)
{
    return applier_machine(state_loop_applier(s->state));
}

/* What is said in the lobby is kept for a day. */
static void retain(struct stage *s)
{
    struct guid room = lobby();
    Perch__RetentionSet set = PERCH__RETENTION_SET__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&set, room, slice_of(room.bytes, GUID_BYTES));
    CODEC_SET(&set, days, 1);
    command.kind_case = PERCH__COMMAND__KIND_RETENTION_SET;
    command.retention_set = &set;
    stage_administer(s, &command);
}

static void delete_lobby(struct stage *s)
{
    struct guid room = lobby();
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&delete, room, slice_of(room.bytes, GUID_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    stage_administer(s, &command);
}

/* Let days pass, for the clock and for entries, and no timer run. */
static void pass_days(struct stage *s, uint64_t days)
{
    uint64_t now_s;

    fake_replica_skip(s->replica, days * DAY_S); /* A second each. */
    now_s = SECONDS_AT_FIRST + fake_replica_last(s->replica);
    fake_loop_look(s->loop, now_s * 1000000 - loop_now_us(s->loop));
    loop_now_us(s->loop);
    fake_loop_look(s->loop, 0);
}

static void become_leader(struct stage *s)
{
    struct replica_status status = {.role = REPLICA_LEADER, .n = 1};
    const struct replica_events *events = fake_replica_events(s->replica);

    events->changed(events->context, &status);
}

/* The node leads the pool; alice has said two things in the lobby. */
static void say_two(struct stage *s)
{
    edge_ref alice = stage_dial(s, ALICE, "a1");

    become_leader(s);
    stage_raise(s);
    stage_join(s, alice, LOBBY_ID, NULL);
    stage_talk(s, alice, ALICE, LOBBY, "one");
    stage_talk(s, alice, ALICE, LOBBY, "two");
    retain(s);
}

/* The leader's sweep proposes what is due, and nothing before. */
static void test_keeping_tick__when_time_is_over(void **state)
{
    struct stage *s = *state;
    struct guid room = lobby();
    struct room_view view;

    say_two(s);
    pass_days(s, 0);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    pass_days(s, 2);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 1);
    stage_commit(s);
    view_room(query_room(machine(s), &room), &view);
    assert_int_equal(view.purged_upto, 2);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
}

/* It walks rooms that were deleted, too. */
static void test_keeping_tick__beneath_a_deleted_room(void **state)
{
    struct stage *s = *state;
    struct guid room = lobby();
    struct tombstone_view gone;

    say_two(s);
    delete_lobby(s);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
    pass_days(s, 2);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 1);
    stage_commit(s);
    assert_true(query_tombstone(machine(s), &room, &gone));
    assert_int_equal(gone.purged_upto, 2);
    keeping_tick(s->sessions);
    assert_int_equal(fake_replica_waiting(s->replica), 0);
}

#define IN(test) RUN_IN(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_keeping_tick__when_time_is_over),
        IN(test_keeping_tick__beneath_a_deleted_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

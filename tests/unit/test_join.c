#include "tests/unit/test.h"

#include "tests/unit/chat_fixture.h"

/* alice has sessions 1 on node 1 and 2 on node 2, bob 3 and carol 4 on 2. */
static int setup(void **state)
{
    struct chat_fixture *f;

    fixture_setup(state);
    f = *state;
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 2, ALICE, 2), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 3), DONE);
    assert_outcome(fixture_open(f, 2, CAROL, 4), DONE);
    return 0;
}

static enum outcome join_many(struct chat_fixture *f, const struct guid *rooms,
                              size_t n)
{
    Perch__Join join = PERCH__JOIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData list[8];

    for (size_t i = 0; i < n; i++) {
        list[i] = fixture_guid_bytes(&rooms[i]);
    }
    join.n_rooms = n;
    join.rooms = list;
    CODEC_SET_BYTES(&command, user, slice_of_text(CAROL));
    CODEC_SET(&command, session, 4);
    command.kind_case = PERCH__COMMAND__KIND_JOIN;
    command.join = &join;
    return fixture_apply(f, 2, &command);
}

/* Anyone enters an open room; the join point is the join's log index. */
static void test_join__open_room_takes_anyone(void **state)
{
    struct chat_fixture *f = *state;
    struct session_id id = {2, f->epochs[2], 4};
    uint64_t index = 0;

    assert_outcome(fixture_join(f, 2, CAROL, 4, &f->lobby), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_true(view_join_index(query_room(f->machine, &f->lobby),
                                query_session(f->machine, &id), &index));
    assert_int_equal(index, f->index);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
}

/* A closed room takes its members and its managers, and nobody else. */
static void test_join__closed_room_takes_members_and_managers(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 4, &f->desk), NOT_A_MEMBER);
    assert_int_equal(fixture_count(f, EVENT_JOINED), 0);
    assert_int_equal(fixture_event(f, EVENT_JOIN_REFUSED)->outcome,
                     OUTCOME_NOT_A_MEMBER);
    assert_int_equal(fixture_view(f, &f->desk).users_present, 2);
}

/* People are told of users: of the first endpoint in and the last one out. */
static void test_join__counts_users_not_endpoints(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_true(fixture_event(f, EVENT_JOINED)->edge);
    assert_outcome(fixture_join(f, 2, ALICE, 2, &f->lobby), DONE);
    assert_false(fixture_event(f, EVENT_JOINED)->edge);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_int_equal(fixture_view(f, &f->lobby).endpoints_present, 2);
    assert_outcome(fixture_part(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_false(fixture_event(f, EVENT_PARTED)->edge);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(fixture_part(f, 2, ALICE, 2, &f->lobby), DONE);
    assert_true(fixture_event(f, EVENT_PARTED)->edge);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_ASKED);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 0);
}

/* Joining again succeeds, gives nobody a second notice, and moves the join
 * point: whoever asks again is told anew. */
static void test_join__again_moves_the_join_point(void **state)
{
    struct chat_fixture *f = *state;
    struct session_id id = {2, f->epochs[2], 3};
    uint64_t index = 0;

    assert_outcome(fixture_join(f, 2, BOB, 3, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->desk), DONE);
    assert_true(fixture_event(f, EVENT_JOINED)->again);
    assert_false(fixture_event(f, EVENT_JOINED)->edge);
    assert_true(view_join_index(query_room(f->machine, &f->desk),
                                query_session(f->machine, &id), &index));
    assert_int_equal(index, f->index);
    assert_int_equal(fixture_view(f, &f->desk).endpoints_present, 1);
}

/* One command joins many rooms, each for itself: the refused are told apart
 * from the entered, in the order asked, and the command is done. */
static void test_join__many_rooms_each_for_itself(void **state)
{
    struct chat_fixture *f = *state;
    struct guid rooms[] = {f->desk, f->lobby, fixture_guid(99), f->trade,
                           f->lobby};
    const struct event *e = NULL;

    assert_outcome(join_many(f, rooms, 5), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(f->effects.n_events, 5);
    e = f->effects.events;
    assert_int_equal(e[0].kind, EVENT_JOIN_REFUSED);
    assert_outcome(e[0].outcome, NOT_A_MEMBER);
    assert_memory_equal(&e[0].guid, &f->desk, sizeof(f->desk));
    assert_int_equal(e[1].kind, EVENT_JOINED);
    assert_int_equal(e[1].position, 1);
    assert_outcome(e[2].outcome, ROOM_UNKNOWN);
    assert_outcome(e[3].outcome, ROOM_UNKNOWN);
    assert_int_equal(e[4].kind, EVENT_JOINED);
    assert_true(e[4].again);
    assert_int_equal(e[4].position, 4);
}

/* A join names 1 to JOIN_ROOMS_MAX rooms; more is refused whole. */
static void test_join__bounds_the_rooms_of_one_command(void **state)
{
    struct chat_fixture *f = *state;
    struct guid rooms[] = {f->lobby, f->desk, f->lobby};

    assert_outcome(join_many(f, rooms, 0), JOIN_EMPTY);
    assert_no_trace(f);
    assert_outcome(fixture_set(f, SETTING_JOIN_ROOMS_MAX, 2), DONE);
    assert_outcome(join_many(f, rooms, 3), JOIN_TOO_MANY);
    assert_no_trace(f);
    assert_outcome(join_many(f, rooms, 2), DONE);
}

/* A session is in at most SESSION_ROOMS_MAX rooms; joining one of them again
 * is no further room. */
static void test_join__bounds_the_rooms_of_a_session(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_SESSION_ROOMS_MAX, 1), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->desk), SESSION_ROOMS_FULL);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->lobby), DONE);
    assert_outcome(fixture_part(f, 2, BOB, 3, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 3, &f->desk), DONE);
}

/* A disabled room lets nobody in, managers included. */
static void test_join__disabled_room_refuses_everyone(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), ROOM_DISABLED);
    assert_int_equal(fixture_view(f, &f->desk).endpoints_present, 0);
}

/* Only the session's own user joins with it. */
static void test_join__refuses_another_users_session(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_join(f, 2, ALICE, 3, &f->lobby),
                   NOT_THE_SESSIONS_USER);
    assert_outcome(fixture_join(f, 2, ALICE, 77, &f->lobby), SESSION_UNKNOWN);
    assert_no_trace(f);
}

/* Parting a room one is not in says so, whether there is such a room or not:
 * the answer must not tell of rooms. */
static void test_part__not_joined(void **state)
{
    struct chat_fixture *f = *state;
    struct guid none = fixture_guid(99);

    assert_outcome(fixture_part(f, 2, BOB, 3, &f->lobby), NOT_JOINED);
    assert_outcome(fixture_part(f, 2, BOB, 3, &none), NOT_JOINED);
    assert_outcome(fixture_part(f, 2, BOB, 99, &f->lobby), SESSION_UNKNOWN);
    assert_no_trace(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define JOIN_TEST(name) RUN_IN(test_join__##name, setup, fixture_teardown)
        JOIN_TEST(open_room_takes_anyone),
        JOIN_TEST(closed_room_takes_members_and_managers),
        JOIN_TEST(counts_users_not_endpoints),
        JOIN_TEST(again_moves_the_join_point),
        JOIN_TEST(many_rooms_each_for_itself),
        JOIN_TEST(bounds_the_rooms_of_one_command),
        JOIN_TEST(bounds_the_rooms_of_a_session),
        JOIN_TEST(disabled_room_refuses_everyone),
        JOIN_TEST(refuses_another_users_session),
        RUN_IN(test_part__not_joined, setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

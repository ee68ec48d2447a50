#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/chat/invited.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define TRADERS "group:traders"
#define ALL     "site:all"

enum { CAROLS = 3, BOBS = 2 }; /* Serials, on node 2. */

static void send_invitations(struct chat_fixture *f, bool on)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&change, invitations, on);
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* The pool at the newest rules; rooms of Trade send invitations; bob and carol
 * have signed in. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_outcome(fixture_group(f, ALL), DONE);
    send_invitations(f, true);
    assert_outcome(fixture_open(f, 2, BOB, BOBS), DONE);
    assert_outcome(fixture_open(f, 2, CAROL, CAROLS), DONE);
    return 0;
}

static void make_member(struct chat_fixture *f, const char *who)
{
    assert_outcome(fixture_role(f, &f->desk, who, ROLE_MEMBER, false), DONE);
}

static size_t list(const struct chat_fixture *f, const char *who,
                   uint64_t after, struct invitation list[4])
{
    return invited_list(f->machine, query_user(f->machine, slice_of_text(who)),
                        after, list, 4);
}

static size_t count(const struct chat_fixture *f, const char *who)
{
    struct invitation invitations[4];

    return list(f, who, 0, invitations);
}

static enum outcome take(struct chat_fixture *f, const char *who,
                         uint64_t serial, uint64_t after)
{
    Perch__InvitationsTake take = PERCH__INVITATIONS_TAKE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    if (after != 0) {
        CODEC_SET(&take, after, after);
    }
    CODEC_SET(&command, user, fixture_text(who));
    CODEC_SET(&command, session, serial);
    command.kind_case = PERCH__COMMAND__KIND_INVITATIONS_TAKE;
    command.invitations_take = &take;
    return fixture_apply(f, 2, &command);
}

/* Takes what is new, and tells how much that was. */
static size_t taken(struct chat_fixture *f, const char *who, uint64_t serial)
{
    struct invitation before[4], after[4];
    const struct user *user = query_user(f->machine, slice_of_text(who));
    size_t n = list(f, who, invited_shown(user), before);

    assert_outcome(take(f, who, serial, 0), DONE);
    user = query_user(f->machine, slice_of_text(who));
    assert_int_equal(list(f, who, invited_shown(user), after), 0);
    return n;
}

/* Before rules version 3 nobody is invited, and taking is refused as an older
 * program refuses it. */
static void test_invitation__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    make_member(f, CAROL);
    assert_int_equal(count(f, CAROL), 0);
    assert_outcome(fixture_open(f, 2, CAROL, CAROLS), DONE);
    assert_outcome(take(f, CAROL, CAROLS, 0), COMMAND_UNKNOWN);
}

/* Who becomes a member is invited, with an id above 1, where clients begin, and
 * the second it was; managers, and members from before, are not. */
static void test_invitation__of_new_members(void **state)
{
    struct chat_fixture *f = *state;
    struct invitation invitations[4];

    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MANAGER, false), DONE);
    assert_int_equal(count(f, CAROL), 0);
    make_member(f, CAROL);
    assert_int_equal(list(f, CAROL, 1, invitations), 1);
    assert_true(invitations[0].room == query_room(f->machine, &f->desk));
    assert_true(invitations[0].created_at_us ==
                (f->now_us / 1000000 - 1) * INT64_C(1000000));
    assert_int_equal(list(f, CAROL, invitations[0].id, invitations), 0);
    assert_int_equal(count(f, BOB), 0); /* A member since long before. */
}

/* The category's switch and the room's decide, when the member is added and
 * when the invitation is shown. */
static void test_invitation__only_where_they_are_sent(void **state)
{
    struct chat_fixture *f = *state;

    send_invitations(f, false);
    make_member(f, CAROL);
    send_invitations(f, true);
    assert_int_equal(count(f, CAROL), 0);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MEMBER, true), DONE);
    make_member(f, CAROL);
    assert_int_equal(count(f, CAROL), 1);
    send_invitations(f, false);
    assert_int_equal(count(f, CAROL), 0);
}

/* Each is shown once, whatever device asks; a new one has a greater id, and
 * being added again is a new one. */
static void test_invitations_take__once(void **state)
{
    struct chat_fixture *f = *state;
    struct invitation first[4], second[4];

    make_member(f, CAROL);
    assert_int_equal(list(f, CAROL, 0, first), 1);
    assert_outcome(fixture_open(f, 2, CAROL, 4), DONE);
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
    assert_int_equal(taken(f, CAROL, 4), 0);
    assert_true(f->applied.value == first[0].id);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MEMBER, true), DONE);
    make_member(f, CAROL);
    assert_int_equal(list(f, CAROL, 0, second), 1);
    assert_true(second[0].id > first[0].id);
    assert_int_equal(taken(f, CAROL, 4), 1);
}

/* What comes in the second in which others were shown is not lost, though the
 * room's number is lower. */
static void test_invitations_take__in_one_second(void **state)
{
    struct chat_fixture *f = *state;
    int64_t second = (f->now_us / 1000000 + 5) * 1000000;

    f->now_us = second;
    make_member(f, CAROL); /* Of the desk, the later room. */
    f->now_us = second + 10;
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
    f->now_us = second + 20;
    assert_outcome(fixture_role(f, &f->lobby, CAROL, ROLE_MEMBER, false), DONE);
    f->now_us = second + 30;
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
}

/* What the client says that it knows is not shown again; it cannot know what
 * is yet to come. */
static void test_invitations_take__after_an_id(void **state)
{
    struct chat_fixture *f = *state;
    struct invitation known[4];

    make_member(f, CAROL);
    assert_int_equal(list(f, CAROL, 0, known), 1);
    assert_outcome(take(f, CAROL, CAROLS, known[0].id), DONE);
    assert_true(f->applied.value == known[0].id);
    assert_outcome(take(f, CAROL, CAROLS, UINT64_MAX), DONE);
    assert_outcome(fixture_role(f, &f->lobby, CAROL, ROLE_MEMBER, false), DONE);
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
}

/* A group is one entry: its people are invited by it, those who were in the
 * group and those who come into it later, by whatever way, each once. */
static void test_invitation__by_groups(void **state)
{
    struct chat_fixture *f = *state;
    struct invitation early[4], late[4];

    assert_outcome(fixture_member(f, TRADERS, BOB, true), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    make_member(f, ALL);
    assert_int_equal(count(f, BOB), 0);
    assert_outcome(fixture_member(f, ALL, TRADERS, true), DONE);
    assert_int_equal(list(f, BOB, 0, early), 1);
    assert_int_equal(taken(f, BOB, BOBS), 1);
    make_member(f, TRADERS); /* Another way to the same room. */
    assert_int_equal(taken(f, BOB, BOBS), 0);
    assert_outcome(fixture_member(f, TRADERS, CAROL, true), DONE);
    assert_int_equal(list(f, CAROL, 0, late), 1);
    assert_true(late[0].id > early[0].id);
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
    assert_outcome(fixture_member(f, TRADERS, CAROL, false), DONE);
    assert_int_equal(count(f, CAROL), 0);
}

/* Of two ways that are open the earlier counts: what was shown by it is not
 * shown again when it closes and leaves the other. */
static void test_invitation__by_the_earlier_way(void **state)
{
    struct chat_fixture *f = *state;
    struct invitation by_name[4], by_group[4];

    make_member(f, CAROL);
    assert_int_equal(list(f, CAROL, 0, by_name), 1);
    assert_outcome(fixture_member(f, TRADERS, CAROL, true), DONE);
    make_member(f, TRADERS);
    assert_int_equal(list(f, CAROL, 0, by_group), 1);
    assert_true(by_group[0].id == by_name[0].id);
}

/* Nobody is told of a room that is not for them: disabled, or out of scope. */
static void test_invitation__of_rooms_one_may_enter(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    make_member(f, CAROL);
    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_int_equal(count(f, CAROL), 0);
    CODEC_SET(&change, disabled, false);
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_int_equal(count(f, CAROL), 1);
}

/* More than a reply holds come in the next. */
static void test_invitations_take__some_at_a_time(void **state)
{
    enum { ROOMS = INVITATIONS_TAKEN_MAX + 10 };
    struct chat_fixture *f = *state;
    struct invitation all[ROOMS + 1];
    const struct user *carol;
    char name[16];

    for (int i = 0; i < ROOMS; i++) {
        struct guid guid = fixture_guid((uint8_t)(40 + i));

        snprintf(name, sizeof(name), "room %d", i);
        assert_outcome(
            fixture_room(f, &guid, name, PERCH__VISIBILITY__CLOSED, NULL),
            DONE);
        assert_outcome(fixture_role(f, &guid, CAROL, ROLE_MEMBER, false), DONE);
    }
    carol = query_user(f->machine, slice_of_text(CAROL));
    assert_int_equal(invited_list(f->machine, carol, 0, all, ROOMS + 1), ROOMS);
    assert_outcome(take(f, CAROL, CAROLS, 0), DONE);
    assert_true(invited_shown(carol) == all[INVITATIONS_TAKEN_MAX - 1].id);
    assert_outcome(take(f, CAROL, CAROLS, 0), DONE);
    assert_true(f->applied.value == all[INVITATIONS_TAKEN_MAX - 1].id);
    assert_true(invited_shown(carol) == all[ROOMS - 1].id);
}

/* Only a user with a session takes, and a refusal leaves no trace. */
static void test_invitations_take__by_a_session(void **state)
{
    struct chat_fixture *f = *state;

    make_member(f, CAROL);
    assert_outcome(take(f, CAROL, 9, 0), SESSION_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(take(f, CAROL, BOBS, 0), NOT_THE_SESSIONS_USER);
    assert_no_trace(f);
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
}

/* What was given and what was shown outlives a restart. */
static void test_invitation__in_rows(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    struct machine *again;
    enum error error;

    assert_outcome(fixture_member(f, TRADERS, BOB, true), DONE);
    make_member(f, TRADERS);
    make_member(f, CAROL);
    assert_int_equal(taken(f, CAROL, CAROLS), 1);
    machine_write_all(f->machine, row_store_take, store);
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    machine_free(f->machine);
    f->machine = again;
    assert_int_equal(taken(f, CAROL, CAROLS), 0);
    assert_int_equal(taken(f, BOB, BOBS), 1);
    row_store_free(store);
}

#define IN(test) RUN_IN(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_invitation__waits_for_the_rules, fixture_setup,
               fixture_teardown),
        IN(test_invitation__of_new_members),
        IN(test_invitation__only_where_they_are_sent),
        IN(test_invitations_take__once),
        IN(test_invitations_take__in_one_second),
        IN(test_invitations_take__after_an_id),
        IN(test_invitation__by_groups),
        IN(test_invitation__by_the_earlier_way),
        IN(test_invitation__of_rooms_one_may_enter),
        IN(test_invitations_take__some_at_a_time),
        IN(test_invitations_take__by_a_session),
        IN(test_invitation__in_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

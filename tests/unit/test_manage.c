#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"

enum { ALICES = 1, BOBS = 2, CAROLS = 3 }; /* Sessions, all of node 1. */

static enum outcome change_category(struct chat_fixture *f,
                                    Perch__CategoryChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, category, fixture_guid_bytes(&f->trade));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = change;
    return fixture_administer(f, &command);
}

static enum outcome creator(struct chat_fixture *f, const char *who,
                            bool remove)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    ProtobufCBinaryData names[] = {fixture_text(who)};

    change.creators_add = change.creators_remove = names;
    change.n_creators_add = !remove;
    change.n_creators_remove = remove;
    return change_category(f, &change);
}

/* The pool at the rules of people: alice manages the desk, bob is its member,
 * carol is a creator in Trade. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(creator(f, CAROL, false), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, ALICES), DONE);
    assert_outcome(fixture_open(f, 1, BOB, BOBS), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, CAROLS), DONE);
    return 0;
}

static enum outcome by(struct chat_fixture *f, const char *user,
                       uint64_t session, Perch__Command *command)
{
    CODEC_SET(command, user, fixture_text(user));
    CODEC_SET(command, session, session);
    return fixture_apply(f, 1, command);
}

static enum outcome create(struct chat_fixture *f, const char *user,
                           uint64_t session, const struct guid *category,
                           const struct guid *guid)
{
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&room, room, fixture_guid_bytes(guid));
    CODEC_SET(&room, category, fixture_guid_bytes(category));
    CODEC_SET(&room, name, fixture_text("new"));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    return by(f, user, session, &command);
}

static enum outcome change(struct chat_fixture *f, const char *user,
                           uint64_t session, const struct guid *guid,
                           Perch__RoomChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, room, fixture_guid_bytes(guid));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = change;
    return by(f, user, session, &command);
}

static enum outcome rename_desk(struct chat_fixture *f, const char *user,
                                uint64_t session)
{
    Perch__RoomChange renamed = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&renamed, name, fixture_text("the desk"));
    return change(f, user, session, &f->desk, &renamed);
}

static void make_category(struct chat_fixture *f, const struct guid *guid,
                          const char *creator)
{
    Perch__CategoryCreate made = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData names[] = {fixture_text(creator)};

    CODEC_SET(&made, category, fixture_guid_bytes(guid));
    CODEC_SET(&made, name, fixture_text("Research"));
    made.n_creators = creator == NULL ? 0 : 1;
    made.creators = names;
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &made;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* Until the rules are raised only administrators create and change rooms. */
static void test_room_change__users_wait_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_open(f, 1, ALICE, ALICES), DONE);
    assert_outcome(rename_desk(f, ALICE, ALICES), NOT_AN_ADMINISTRATOR);
    assert_no_trace(f);
    fixture_raise(f);
    assert_outcome(rename_desk(f, ALICE, ALICES), DONE);
}

/* A creator creates rooms in the category and manages them; nobody else
 * does. */
static void test_room_create__by_a_creator(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(9);
    struct room_view view;

    assert_outcome(create(f, BOB, BOBS, &f->trade, &guid), NOT_A_CREATOR);
    assert_no_trace(f);
    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), DONE);
    view = fixture_view(f, &guid);
    assert_int_equal(view.users_with_role, 1);
    assert_int_equal(view_roles(query_room(f->machine, &guid),
                                query_user(f->machine, SLICE_LITERAL(CAROL))),
                     ROLE_MANAGER);
    assert_int_equal(fixture_count(f, EVENT_ROLE_CHANGED), 1);
    assert_outcome(fixture_join(f, 1, CAROL, CAROLS, &guid), DONE);
}

/* Whoever may not create learns nothing of which names and ids are taken. */
static void test_room_create__tells_strangers_nothing(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(9), none = fixture_guid(99);

    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), DONE);
    assert_outcome(create(f, BOB, BOBS, &f->trade, &guid), NOT_A_CREATOR);
    assert_outcome(create(f, BOB, BOBS, &none, &guid), CATEGORY_UNKNOWN);
    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), GUID_TAKEN);
    guid = fixture_guid(10);
    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), NAME_TAKEN);
}

/* A creator whom the category does not allow creates nothing there, and one
 * who is no longer a creator neither. */
static void test_room_create__a_creator_must_be_in_scope(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange denial = PERCH__CATEGORY_CHANGE__INIT;
    ProtobufCBinaryData names[] = {fixture_text(CAROL)};
    struct guid guid = fixture_guid(9);

    denial.n_denied_add = 1;
    denial.denied_add = names;
    assert_outcome(change_category(f, &denial), DONE);
    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), NOT_A_CREATOR);
    denial.n_denied_add = 0;
    denial.n_denied_remove = 1;
    denial.denied_remove = names;
    assert_outcome(change_category(f, &denial), DONE);
    assert_outcome(creator(f, CAROL, true), DONE);
    assert_outcome(create(f, CAROL, CAROLS, &f->trade, &guid), NOT_A_CREATOR);
}

/* A group of creators creates. */
static void test_room_create__by_a_group_of_creators(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(9);

    assert_outcome(fixture_group(f, "group:heads"), DONE);
    assert_outcome(creator(f, "group:heads", false), DONE);
    assert_outcome(fixture_member(f, "group:heads", BOB, true), DONE);
    assert_outcome(create(f, BOB, BOBS, &f->trade, &guid), DONE);
}

/* The session must be the user's own. */
static void test_room_create__needs_the_users_session(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(9);

    assert_outcome(create(f, CAROL, BOBS, &f->trade, &guid),
                   NOT_THE_SESSIONS_USER);
    assert_outcome(create(f, CAROL, 99, &f->trade, &guid), SESSION_UNKNOWN);
    assert_no_trace(f);
}

/* A manager changes all that a room is; members and strangers nothing. */
static void test_room_change__by_a_manager(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange all = PERCH__ROOM_CHANGE__INIT;
    ProtobufCBinaryData bob[] = {fixture_text(BOB)},
                        carol[] = {fixture_text(CAROL)};

    assert_outcome(rename_desk(f, BOB, BOBS), NOT_A_MANAGER);
    assert_outcome(rename_desk(f, CAROL, CAROLS), NOT_A_MANAGER);
    assert_no_trace(f);
    CODEC_SET(&all, if_version, 2);
    CODEC_SET(&all, name, fixture_text("stage"));
    CODEC_SET(&all, description, fixture_text("who speaks"));
    CODEC_SET(&all, visibility, PERCH__VISIBILITY__SECRET);
    CODEC_SET(&all, behavior, PERCH__BEHAVIOR__AUDITORIUM);
    CODEC_SET(&all, invitations, false);
    all.n_members_remove = 1;
    all.members_remove = bob;
    all.n_members_add = all.n_managers_add = all.n_presenters_add = 1;
    all.members_add = all.managers_add = all.presenters_add = carol;
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &all), DONE);
    assert_slice_text(fixture_view(f, &f->desk).place.name, "stage");
    assert_outcome(rename_desk(f, BOB, BOBS), ROOM_UNKNOWN); /* Secret now. */
    assert_outcome(change(f, CAROL, CAROLS, &f->desk, &all), VERSION_STALE);
}

/* What a manager has disabled, an administrator enables. */
static void test_room_change__a_disabled_room_is_for_administrators(
    void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange switched = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&switched, disabled, true);
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &switched), DONE);
    CODEC_SET(&switched, disabled, false);
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &switched),
                   ROOM_DISABLED);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &switched;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* A manager moves the room only to where the manager may create; staying in
 * the category is no move. */
static void test_room_change__moves_where_one_may_create(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange move = PERCH__ROOM_CHANGE__INIT;
    struct guid mine = fixture_guid(10), other = fixture_guid(11);

    make_category(f, &mine, ALICE);
    CODEC_SET(&move, category, fixture_guid_bytes(&f->trade));
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &move), DONE);
    CODEC_SET(&move, category, fixture_guid_bytes(&other));
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &move), CATEGORY_UNKNOWN);
    CODEC_SET(&move, category, fixture_guid_bytes(&mine));
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &move), DONE);
    CODEC_SET(&move, category, fixture_guid_bytes(&f->trade));
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &move), NOT_A_CREATOR);
    assert_ptr_equal(fixture_view(f, &f->desk).category,
                     query_category(f->machine, &mine));
}

/* A manager who takes the role from oneself has it no more. */
static void test_room_change__a_manager_may_leave(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange leave = PERCH__ROOM_CHANGE__INIT;
    ProtobufCBinaryData alice[] = {fixture_text(ALICE)};

    assert_outcome(fixture_join(f, 1, ALICE, ALICES, &f->desk), DONE);
    leave.n_managers_remove = 1;
    leave.managers_remove = alice;
    assert_outcome(change(f, ALICE, ALICES, &f->desk, &leave), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_outcome(rename_desk(f, ALICE, ALICES), NOT_A_MANAGER);
}

int main(void)
{
#define CASE(test) RUN_IN(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        RUN_IN(test_room_change__users_wait_for_the_rules, fixture_setup,
               fixture_teardown),
        CASE(test_room_create__by_a_creator),
        CASE(test_room_create__tells_strangers_nothing),
        CASE(test_room_create__a_creator_must_be_in_scope),
        CASE(test_room_create__by_a_group_of_creators),
        CASE(test_room_create__needs_the_users_session),
        CASE(test_room_change__by_a_manager),
        CASE(test_room_change__a_disabled_room_is_for_administrators),
        CASE(test_room_change__moves_where_one_may_create),
        CASE(test_room_change__a_manager_may_leave),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdlib.h>

#include "proto/store.pb-c.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

static enum outcome change_room(struct chat_fixture *f, const struct guid *room,
                                Perch__RoomChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, room, fixture_guid_bytes(room));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = change;
    return fixture_administer(f, &command);
}

static enum outcome change_category(struct chat_fixture *f,
                                    Perch__CategoryChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(change, category, fixture_guid_bytes(&f->trade));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = change;
    return fixture_administer(f, &command);
}

static enum outcome behave(struct chat_fixture *f, const struct guid *room,
                           int behavior)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&change, behavior, (Perch__Behavior)behavior);
    return change_room(f, room, &change);
}

/* The pool at the rules of people, its desk an auditorium in which alice and
 * bob sit and nobody presents. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(behave(f, &f->desk, PERCH__BEHAVIOR__AUDITORIUM), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->desk), DONE);
    return 0;
}

static enum outcome present(struct chat_fixture *f, const struct guid *room,
                            const char *who, bool as_member_too)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    ProtobufCBinaryData names[] = {fixture_text(who)};

    change.n_presenters_add = 1;
    change.presenters_add = names;
    change.n_members_add = as_member_too;
    change.members_add = names;
    return change_room(f, room, &change);
}

static enum outcome say(struct chat_fixture *f, uint8_t node, const char *user,
                        const struct guid *room)
{
    return fixture_post(f, node, user, node, room, "hi", NULL);
}

/* An auditorium takes posts from presenters alone, members and managers read;
 * a refused post leaves no trace. */
static void test_post__auditorium_takes_presenters_alone(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say(f, 1, ALICE, &f->desk), NOT_A_PRESENTER);
    assert_no_trace(f);
    assert_outcome(say(f, 2, BOB, &f->desk), NOT_A_PRESENTER);
    assert_outcome(present(f, &f->desk, BOB, false), DONE);
    assert_outcome(say(f, 2, BOB, &f->desk), DONE);
    assert_int_equal(f->applied.value, 1);
    assert_outcome(behave(f, &f->desk, PERCH__BEHAVIOR__NORMAL), DONE);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_BEHAVIOR);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
}

/* A presenter is a member, by the same command if need be; ceasing to be one
 * ends it, and being one again gives it back. */
static void test_room_change__presenters_are_members(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange both = PERCH__ROOM_CHANGE__INIT;
    ProtobufCBinaryData names[] = {fixture_text(BOB), fixture_text(CAROL)};

    both.n_presenters_add = 2;
    both.presenters_add = names;
    assert_outcome(change_room(f, &f->desk, &both), PRESENTER_NOT_MEMBER);
    assert_int_equal(f->applied.value, 1); /* The second. */
    assert_no_trace(f);
    assert_outcome(present(f, &f->desk, CAROL, false), PRESENTER_NOT_MEMBER);
    assert_int_equal(f->applied.value, 0);
    assert_no_trace(f);
    assert_outcome(present(f, &f->desk, ALICE, false), PRESENTER_NOT_MEMBER);
    assert_outcome(present(f, &f->desk, ALICE, true), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
    assert_outcome(fixture_role(f, &f->desk, ALICE, ROLE_MEMBER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 0); /* Manages it. */
    assert_outcome(say(f, 1, ALICE, &f->desk), NOT_A_PRESENTER);
    assert_outcome(fixture_role(f, &f->desk, ALICE, ROLE_MEMBER, false), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
}

/* Presenting alone opens no door. */
static void test_access__a_presenter_who_is_no_member_is_out(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(present(f, &f->desk, BOB, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->desk), NOT_A_MEMBER);
}

/* In an open auditorium everyone is a member, so anyone may be made to
 * present. */
static void test_room_change__open_auditorium(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(present(f, &f->lobby, CAROL, false), NOT_AN_AUDITORIUM);
    assert_outcome(behave(f, &f->lobby, PERCH__BEHAVIOR__AUDITORIUM), DONE);
    assert_outcome(present(f, &f->lobby, BOB, false), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(say(f, 2, BOB, &f->lobby), DONE);
    assert_outcome(say(f, 1, ALICE, &f->lobby), NOT_A_PRESENTER);
}

/* A group presents, and so does whoever is in it. */
static void test_post__a_group_presents(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_group(f, "group:speakers"), DONE);
    assert_outcome(present(f, &f->desk, "group:speakers", true), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), NOT_A_PRESENTER);
    assert_outcome(fixture_member(f, "group:speakers", ALICE, true), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
}

/* A room is normal or an auditorium, and nothing else. */
static void test_room_change__behavior_is_one_of_two(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(behave(f, &f->desk, 7), BEHAVIOR_INVALID);
    assert_no_trace(f);
}

/* A room has what its category has, or less; never more. */
static void test_room_change__switches_only_narrow(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange category = PERCH__CATEGORY_CHANGE__INIT;
    Perch__RoomChange room = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&room, invitations, true); /* As the category: not. */
    assert_outcome(change_room(f, &f->desk, &room), DONE);
    assert_false(fixture_view(f, &f->desk).invitations);
    CODEC_SET(&category, invitations, true);
    CODEC_SET(&category, file_upload, true);
    assert_outcome(change_category(f, &category), DONE);
    assert_int_equal(fixture_event(f, EVENT_CATEGORY_CHANGED)->changed,
                     CHANGED_SWITCHES);
    assert_true(fixture_view(f, &f->desk).invitations);
    assert_true(fixture_view(f, &f->desk).file_upload);
    CODEC_SET(&room, invitations, false);
    CODEC_SET(&room, file_upload, false);
    assert_outcome(change_room(f, &f->desk, &room), DONE);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_SWITCHES);
    assert_false(fixture_view(f, &f->desk).invitations);
    assert_false(fixture_view(f, &f->desk).file_upload);
    assert_true(fixture_view(f, &f->lobby).invitations);
}

static bool row_is_hidden(const struct chat_fixture *f)
{
    struct buffer row = BUFFER_EMPTY;
    Perch__Stored__Message *read = NULL;
    struct arena *arena = arena_new(1024);
    bool hidden;

    message_write(&f->effects.message, &row);
    assert_int_equal(codec_read(arena, &perch__stored__message__descriptor,
                                buffer_slice(&row), &read),
                     ERROR_NONE);
    hidden = read->hidden;
    buffer_deinit(&row);
    arena_free(arena);
    return hidden;
}

/* With the category's history off, what is said is told and kept but marked as
 * never to be shown; the messages before and after are not. */
static void test_post__history_off_hides_what_is_said(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;

    assert_outcome(behave(f, &f->desk, PERCH__BEHAVIOR__NORMAL), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
    assert_false(row_is_hidden(f));
    CODEC_SET(&change, history, false);
    assert_outcome(change_category(f, &change), DONE);
    assert_false(fixture_view(f, &f->desk).history);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
    assert_true(row_is_hidden(f));
    assert_int_equal(f->effects.message.message_id, 2);
    CODEC_SET(&change, history, true);
    assert_outcome(change_category(f, &change), DONE);
    assert_outcome(say(f, 1, ALICE, &f->desk), DONE);
    assert_false(row_is_hidden(f));
}

/* All of it is there again when the machine is made from its rows. */
static void test_machine_load__kinds_and_switches(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange category = PERCH__CATEGORY_CHANGE__INIT;
    Perch__RoomChange room = PERCH__ROOM_CHANGE__INIT;
    struct row_store *store = row_store_new();
    enum error error;

    CODEC_SET(&category, invitations, true);
    CODEC_SET(&category, history, false);
    assert_outcome(change_category(f, &category), DONE);
    CODEC_SET(&room, file_upload, false);
    assert_outcome(change_room(f, &f->desk, &room), DONE);
    assert_outcome(present(f, &f->desk, BOB, false), DONE);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_true(fixture_view(f, &f->desk).invitations);
    assert_true(fixture_view(f, &f->desk).files_off);
    assert_false(fixture_view(f, &f->desk).history);
    assert_outcome(say(f, 1, ALICE, &f->desk), NOT_A_PRESENTER);
    assert_outcome(say(f, 2, BOB, &f->desk), DONE);
    row_store_free(store);
}

int main(void)
{
#define CASE(test) RUN_IN(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_post__auditorium_takes_presenters_alone),
        CASE(test_room_change__presenters_are_members),
        CASE(test_access__a_presenter_who_is_no_member_is_out),
        CASE(test_room_change__open_auditorium),
        CASE(test_post__a_group_presents),
        CASE(test_room_change__behavior_is_one_of_two),
        CASE(test_room_change__switches_only_narrow),
        CASE(test_post__history_off_hides_what_is_said),
        CASE(test_machine_load__kinds_and_switches),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

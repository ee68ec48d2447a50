#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define ANALYSTS "group:analysts"

/* The pool at the rules of people, with a group that carol is in. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_group(f, ANALYSTS), DONE);
    assert_outcome(fixture_member(f, ANALYSTS, CAROL, true), DONE);
    return 0;
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

/* Add or remove one name of the category's allowed or denied. */
static enum outcome scope(struct chat_fixture *f, enum role role,
                          const char *who, bool remove)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    ProtobufCBinaryData names[] = {fixture_text(who)};

    change.allowed_add = change.allowed_remove = names;
    change.denied_add = change.denied_remove = names;
    change.n_allowed_add = role == ROLE_ALLOWED && !remove;
    change.n_allowed_remove = role == ROLE_ALLOWED && remove;
    change.n_denied_add = role == ROLE_DENIED && !remove;
    change.n_denied_remove = role == ROLE_DENIED && remove;
    return change_category(f, &change);
}

static enum outcome enter(const struct chat_fixture *f, const char *uri,
                          const struct guid *room)
{
    return access_enter(query_user(f->machine, slice_of_text(uri)),
                        query_room(f->machine, room));
}

static enum outcome make_secret(struct chat_fixture *f)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, visibility, PERCH__VISIBILITY__SECRET);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    return fixture_administer(f, &command);
}

static void sit(struct chat_fixture *f, const char *uri, uint64_t serial,
                const struct guid *room)
{
    assert_outcome(fixture_open(f, 2, uri, serial), DONE);
    assert_outcome(fixture_join(f, 2, uri, serial, room), DONE);
}

/* Until the rules are raised a category has no scope and no room is secret. */
static void test_category_change__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(scope(f, ROLE_DENIED, BOB, false), COMMAND_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(make_secret(f), VISIBILITY_INVALID);
    fixture_raise(f);
    assert_outcome(scope(f, ROLE_DENIED, BOB, false), DONE);
    assert_outcome(make_secret(f), DONE);
}

/* A category that allows someone is for nobody else; whoever it denies is out
 * even so. */
static void test_category_change__deny_beats_allow(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(scope(f, ROLE_ALLOWED, ANALYSTS, false), DONE);
    assert_int_equal(fixture_event(f, EVENT_CATEGORY_CHANGED)->changed,
                     CHANGED_SCOPE | CHANGED_ROLES);
    assert_outcome(enter(f, CAROL, &f->lobby), DONE);
    assert_outcome(enter(f, BOB, &f->lobby), NOT_IN_SCOPE);
    assert_outcome(enter(f, ALICE, &f->desk), NOT_IN_SCOPE); /* Its manager. */
    assert_outcome(scope(f, ROLE_DENIED, CAROL, false), DONE);
    assert_outcome(enter(f, CAROL, &f->lobby), NOT_IN_SCOPE);
    assert_outcome(scope(f, ROLE_ALLOWED, CAROL, false), DONE);
    assert_outcome(enter(f, CAROL, &f->lobby), NOT_IN_SCOPE);
}

/* Denying a group denies its members, and nobody else. */
static void test_category_change__denies_a_group(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(scope(f, ROLE_DENIED, ANALYSTS, false), DONE);
    assert_outcome(enter(f, CAROL, &f->lobby), NOT_IN_SCOPE);
    assert_outcome(enter(f, BOB, &f->lobby), DONE);
    assert_outcome(fixture_member(f, ANALYSTS, BOB, true), DONE);
    assert_outcome(enter(f, BOB, &f->desk), NOT_IN_SCOPE);
}

/* With the last one who was allowed gone, nobody is allowed; only a word makes
 * it everyone again. */
static void test_category_change__fails_closed(void **state)
{
    struct chat_fixture *f = *state;
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;

    assert_outcome(scope(f, ROLE_ALLOWED, BOB, false), DONE);
    assert_outcome(scope(f, ROLE_ALLOWED, BOB, true), DONE);
    assert_outcome(enter(f, BOB, &f->lobby), NOT_IN_SCOPE);
    CODEC_SET(&change, everyone, true);
    assert_outcome(change_category(f, &change), DONE);
    assert_outcome(enter(f, BOB, &f->lobby), DONE);
    assert_outcome(enter(f, BOB, &f->desk), DONE); /* The role was kept. */
}

/* With the entry that takes someone out of the scope, that one is out of all
 * rooms of the category, and of no other; put back, the rooms are too. */
static void test_category_change__who_falls_out_leaves(void **state)
{
    struct chat_fixture *f = *state;

    sit(f, BOB, 5, &f->lobby);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    sit(f, CAROL, 6, &f->lobby);
    assert_outcome(scope(f, ROLE_DENIED, BOB, false), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 2);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_EVICTED);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(fixture_post(f, 2, BOB, 5, &f->lobby, "x", NULL),
                   NOT_IN_SCOPE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), NOT_IN_SCOPE);
    assert_outcome(scope(f, ROLE_DENIED, BOB, true), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
}

/* A group that is denied takes whoever comes into it out of the rooms. */
static void test_group_change__into_a_denied_group(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(scope(f, ROLE_DENIED, ANALYSTS, false), DONE);
    sit(f, BOB, 5, &f->lobby);
    assert_outcome(fixture_member(f, ANALYSTS, BOB, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
}

/* Roles of a room go to those its category allows; the first it does not is
 * pointed at. */
static void test_room_change__names_who_is_out_of_scope(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(scope(f, ROLE_ALLOWED, ANALYSTS, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, ANALYSTS, ROLE_MEMBER, false),
                   DONE);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MANAGER, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MANAGER, false),
                   PRINCIPAL_OUT_OF_SCOPE);
    assert_int_equal(f->applied.value, 0);
    assert_no_trace(f);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
}

/* A room moved to a category leaves those behind whom that does not allow. */
static void test_room_change__moves_into_a_scope(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(9);
    Perch__CategoryCreate create = PERCH__CATEGORY_CREATE__INIT;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData names[] = {fixture_text(CAROL)};

    CODEC_SET(&create, category, fixture_guid_bytes(&guid));
    CODEC_SET(&create, name, fixture_text("Research"));
    create.n_allowed = 1;
    create.allowed = names;
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &create;
    assert_outcome(fixture_administer(f, &command), DONE);
    sit(f, BOB, 5, &f->lobby);
    sit(f, CAROL, 6, &f->lobby);
    CODEC_SET(&change, room, fixture_guid_bytes(&f->lobby));
    CODEC_SET(&change, category, fixture_guid_bytes(&guid));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(scope(f, ROLE_DENIED, CAROL, false), DONE); /* Trade's. */
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
}

static bool see(void *context, const struct room *room)
{
    size_t *seen = context;

    (void)room;
    *seen += 1;
    return true;
}

/* For those outside a secret room there is none: whatever is asked of it is
 * answered as of a room that was never made. */
static void test_access__a_secret_room_does_not_exist(void **state)
{
    struct chat_fixture *f = *state;
    struct guid none = fixture_guid(99);
    const struct guid *rooms[] = {&f->desk, &none};
    const struct user *carol = query_user(f->machine, SLICE_LITERAL(CAROL));
    const struct user *bob = query_user(f->machine, SLICE_LITERAL(BOB));
    size_t seen = 0;

    sit(f, CAROL, 6, &f->lobby);
    assert_outcome(make_secret(f), DONE);
    for (size_t i = 0; i < 2; i++) {
        assert_outcome(fixture_join(f, 2, CAROL, 6, rooms[i]), ROOM_UNKNOWN);
        assert_outcome(fixture_post(f, 2, CAROL, 6, rooms[i], "x", "r"),
                       ROOM_UNKNOWN);
        assert_outcome(fixture_part(f, 2, CAROL, 6, rooms[i]), NOT_JOINED);
    }
    assert_outcome(access_read(carol, query_room(f->machine, &f->desk)),
                   ROOM_UNKNOWN);
    list_rooms_visible(f->machine, carol, SLICE_NONE, see, &seen);
    assert_int_equal(seen, 1);
    list_rooms_visible(f->machine, bob, SLICE_NONE, see, &seen);
    assert_int_equal(seen, 3);
    assert_outcome(enter(f, BOB, &f->desk), DONE);
}

/* Disabled, or out of its members' scope, a secret room stays secret. */
static void test_access__secret_comes_before_all_else(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    assert_outcome(make_secret(f), DONE);
    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_outcome(enter(f, CAROL, &f->desk), ROOM_UNKNOWN);
    assert_outcome(enter(f, BOB, &f->desk), ROOM_DISABLED);
    assert_outcome(scope(f, ROLE_DENIED, BOB, false), DONE);
    assert_outcome(enter(f, BOB, &f->desk), ROOM_UNKNOWN);
}

/* Scopes are there again when the machine is made from its rows. */
static void test_machine_load__scopes(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    enum error error;

    assert_outcome(scope(f, ROLE_ALLOWED, ANALYSTS, false), DONE);
    sit(f, CAROL, 6, &f->lobby);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_outcome(enter(f, BOB, &f->lobby), NOT_IN_SCOPE);
    assert_outcome(scope(f, ROLE_ALLOWED, ANALYSTS, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    row_store_free(store);
}

int main(void)
{
#define CASE(test) RUN_IN(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        RUN_IN(test_category_change__waits_for_the_rules, fixture_setup,
               fixture_teardown),
        CASE(test_category_change__deny_beats_allow),
        CASE(test_category_change__denies_a_group),
        CASE(test_category_change__fails_closed),
        CASE(test_category_change__who_falls_out_leaves),
        CASE(test_group_change__into_a_denied_group),
        CASE(test_room_change__names_who_is_out_of_scope),
        CASE(test_room_change__moves_into_a_scope),
        CASE(test_access__a_secret_room_does_not_exist),
        CASE(test_access__secret_comes_before_all_else),
        CASE(test_machine_load__scopes),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

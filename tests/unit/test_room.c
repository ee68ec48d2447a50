#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"

static const struct guid new_guid = {{7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}};

static Perch__RoomCreate new_room(struct chat_fixture *f)
{
    Perch__RoomCreate room = PERCH__ROOM_CREATE__INIT;

    CODEC_SET(&room, room, fixture_guid_bytes(&new_guid));
    CODEC_SET(&room, category, fixture_guid_bytes(&f->trade));
    CODEC_SET(&room, name, fixture_text("new"));
    return room;
}

static enum outcome create(struct chat_fixture *f, Perch__RoomCreate *room)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = room;
    return fixture_administer(f, &command);
}

static Perch__RoomChange change_of(const struct guid *guid)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(guid));
    return change;
}

static enum outcome change(struct chat_fixture *f, Perch__RoomChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = change;
    return fixture_administer(f, &command);
}

static enum outcome create_category(struct chat_fixture *f, uint8_t byte,
                                    const char *name)
{
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid guid = fixture_guid(byte);

    CODEC_SET(&category, category, fixture_guid_bytes(&guid));
    CODEC_SET_BYTES(&category, name, slice_of_text(name));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    return fixture_administer(f, &command);
}

static enum outcome rename_category(struct chat_fixture *f,
                                    const struct guid *guid, const char *name,
                                    uint32_t if_version)
{
    Perch__CategoryChange change = PERCH__CATEGORY_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, category, fixture_guid_bytes(guid));
    CODEC_SET_BYTES(&change, name, slice_of_text(name));
    change.has_if_version = if_version != 0;
    change.if_version = if_version;
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CHANGE;
    command.category_change = &change;
    return fixture_administer(f, &command);
}

/* alice (1) and bob (2) are in desk and lobby; carol (3) in lobby. */
static void crowd(struct chat_fixture *f)
{
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 3), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_join(f, 1, CAROL, 3, &f->lobby), DONE);
}

/* A room is closed unless said otherwise, and is what the command says. */
static void test_room_create__is_what_was_asked(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    ProtobufCBinaryData people[] = {fixture_text(BOB), fixture_text(CAROL)};
    struct room_view view;

    room.members = people;
    room.n_members = 2;
    room.managers = people;
    room.n_managers = 1;
    CODEC_SET(&room, description, fixture_text("what is new"));
    assert_outcome(create(f, &room), DONE);
    view = fixture_view(f, &new_guid);
    assert_int_equal(f->applied.value, view.place.number);
    assert_slice_text(view.place.name, "new");
    assert_slice_text(view.place.description, "what is new");
    assert_int_equal(view.visibility, PERCH__VISIBILITY__CLOSED);
    assert_ptr_equal(view.category, query_category(f->machine, &f->trade));
    assert_int_equal(view.place.version, 1);
    assert_int_equal(view.users_with_role, 2);
    assert_int_equal(view_roles(query_room(f->machine, &new_guid),
                                query_user(f->machine, slice_of_text(BOB))),
                     ROLE_MEMBER | ROLE_MANAGER);
    assert_int_equal(f->effects.events[0].kind, EVENT_ROOM_CREATED);
    assert_int_equal(fixture_count(f, EVENT_ROLE_CHANGED), 3);
}

/* Every refusal names its rule, and nothing is created by halves. */
static void test_room_create__refusals(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    struct guid nil = fixture_guid(0), none = fixture_guid(99);

    CODEC_SET(&room, room, fixture_guid_bytes(&nil));
    assert_outcome(create(f, &room), GUID_INVALID);
    CODEC_SET(&room, room, fixture_text("too short"));
    assert_outcome(create(f, &room), GUID_INVALID);
    CODEC_SET(&room, room, fixture_guid_bytes(&f->lobby));
    assert_outcome(create(f, &room), GUID_TAKEN);
    CODEC_SET(&room, room, fixture_guid_bytes(&f->trade));
    assert_outcome(create(f, &room), GUID_TAKEN);
    room = new_room(f);
    CODEC_SET(&room, category, fixture_guid_bytes(&none));
    assert_outcome(create(f, &room), CATEGORY_UNKNOWN);
    CODEC_SET(&room, category, fixture_guid_bytes(&f->lobby));
    assert_outcome(create(f, &room), CATEGORY_UNKNOWN);
    room = new_room(f);
    CODEC_SET(&room, visibility, 2); /* Secret: later rules. */
    assert_outcome(create(f, &room), VISIBILITY_INVALID);
    assert_no_trace(f);
    assert_null(query_room(f->machine, &new_guid));
}

/* Names have 1 to 256 characters in one line, not all blank. */
static void test_room_create__checks_its_texts(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    char text[NAME_CHARACTERS_MAX + 2] = "";

    room.has_name = false;
    assert_outcome(create(f, &room), NAME_EMPTY);
    CODEC_SET(&room, name, fixture_text("   "));
    assert_outcome(create(f, &room), NAME_EMPTY);
    CODEC_SET(&room, name, fixture_text("a\tb"));
    assert_outcome(create(f, &room), NAME_CHARACTER);
    memset(text, 'n', NAME_CHARACTERS_MAX + 1);
    CODEC_SET(&room, name, fixture_text(text));
    assert_outcome(create(f, &room), NAME_TOO_LONG);
    CODEC_SET(&room, name, fixture_text("fine"));
    CODEC_SET(&room, description, fixture_text(text));
    assert_outcome(create(f, &room), DESCRIPTION_TOO_LONG);
    CODEC_SET(&room, description, fixture_text("\xff"));
    assert_outcome(create(f, &room), NAME_CHARACTER);
    assert_no_trace(f);
    text[NAME_CHARACTERS_MAX] = '\0';
    CODEC_SET(&room, name, fixture_text(text));
    CODEC_SET(&room, description, fixture_text(text));
    assert_outcome(create(f, &room), DONE);
}

/* A name is unique among rooms and categories, ASCII case aside. */
static void test_room_create__name_is_unique(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);

    CODEC_SET(&room, name, fixture_text("LOBBY"));
    assert_outcome(create(f, &room), NAME_TAKEN);
    CODEC_SET(&room, name, fixture_text("trade"));
    assert_outcome(create(f, &room), NAME_TAKEN);
    assert_no_trace(f);
    assert_outcome(create_category(f, 50, "Desk"), NAME_TAKEN);
    assert_outcome(create_category(f, 50, "Sales"), DONE);
}

/* One unknown user refuses the whole command, and the value says which. */
static void test_room_create__unknown_user_refuses_all(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    ProtobufCBinaryData people[] = {fixture_text(BOB),
                                    fixture_text("sip:nobody@example.com")};

    room.members = people;
    room.n_members = 1;
    room.managers = people;
    room.n_managers = 2;
    assert_outcome(create(f, &room), USER_UNKNOWN);
    assert_int_equal(f->applied.value, 2);
    assert_no_trace(f);
    assert_null(query_room(f->machine, &new_guid));
}

/* A list of a command names at most ROLES_PER_COMMAND_MAX users. */
static void test_room_create__bounds_its_lists(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    ProtobufCBinaryData *people =
        calloc(ROLES_PER_COMMAND_MAX + 1, sizeof(*people));

    for (int i = 0; i <= ROLES_PER_COMMAND_MAX; i++) {
        people[i] = fixture_text(BOB);
    }
    room.members = people;
    room.n_members = ROLES_PER_COMMAND_MAX + 1;
    assert_outcome(create(f, &room), ROLES_TOO_MANY);
    assert_no_trace(f);
    room.n_members = ROLES_PER_COMMAND_MAX;
    assert_outcome(create(f, &room), DONE);
    free(people);
}

/* There are at most ROOMS_MAX rooms and CATEGORIES_MAX categories. */
static void test_room_create__bounds_the_pool(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);

    assert_outcome(fixture_set(f, SETTING_ROOMS_MAX, 2), DONE);
    assert_outcome(create(f, &room), ROOMS_FULL);
    assert_no_trace(f);
    assert_outcome(fixture_set(f, SETTING_ROOMS_MAX, 3), DONE);
    assert_outcome(create(f, &room), DONE);
    assert_outcome(fixture_set(f, SETTING_CATEGORIES_MAX, 1), DONE);
    assert_outcome(create_category(f, 50, "Sales"), CATEGORIES_FULL);
}

/* Only administrators create and change rooms in these rules. */
static void test_room_create__needs_an_administrator(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomCreate room = new_room(f);
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command.room_create = &room;
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
    CODEC_SET_BYTES(&command, user, slice_of_text(ALICE));
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
    assert_outcome(fixture_administer(f, &command), ACTOR_INVALID);
    assert_no_trace(f);
}

/* What is not in a change stays, and every change that changes something
 * counts one version. */
static void test_room_change__changes_what_it_names(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->lobby);

    assert_outcome(create_category(f, 50, "Sales"), DONE);
    CODEC_SET(&c, name, fixture_text("Foyer"));
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_NAME);
    assert_slice_text(fixture_view(f, &f->lobby).place.name, "Foyer");

    assert_outcome(change(f, &c), DONE); /* The same again: nothing. */
    assert_int_equal(f->applied.value, 2);
    assert_no_trace(f);

    c = change_of(&f->lobby);
    struct guid sales = fixture_guid(50);
    CODEC_SET(&c, category, fixture_guid_bytes(&sales));
    c.has_description = true; /* Empty: taken away. */
    CODEC_SET(&c, if_version, 2);
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_CATEGORY);
    assert_ptr_equal(fixture_view(f, &f->lobby).category,
                     query_category(f->machine, &sales));
}

/* Judging tells the refusal and what it is about; of what would be done it
 * tells only that. (chat_fixture judges every administrator's command.) */
static void test_machine_judge__decides_without_doing(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->desk);
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData users[] = {fixture_text(ALICE),
                                   fixture_text("sip:x@y")};
    uint64_t hash = machine_hash(f->machine);
    struct applied judged;

    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &c;
    CODEC_SET(&c, name, fixture_text("Foyer"));
    assert_outcome(machine_judge(f->machine, &command, NULL).outcome,
                   NOT_AN_ADMINISTRATOR);
    CODEC_SET_BYTES(&command, administrator, SLICE_LITERAL("root"));
    judged = machine_judge(f->machine, &command, NULL);
    assert_outcome(judged.outcome, DONE);
    assert_int_equal(judged.value, 0);
    c.members_add = users;
    c.n_members_add = 2;
    judged = machine_judge(f->machine, &command, NULL);
    assert_outcome(judged.outcome, USER_UNKNOWN);
    assert_int_equal(judged.value, 1);
    CODEC_SET(&command, needs_rules, 2);
    assert_outcome(machine_judge(f->machine, &command, NULL).outcome,
                   COMMAND_UNKNOWN);
    assert_true(machine_hash(f->machine) == hash);
    command.kind_case = PERCH__COMMAND__KIND_POST;
    assert_false(machine_is_administrators(&command));
}

/* A change made to an older version is refused, not merged. */
static void test_room_change__refuses_a_stale_version(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->desk); /* At version 2. */

    CODEC_SET(&c, if_version, 1);
    CODEC_SET(&c, name, fixture_text("Foyer"));
    assert_outcome(change(f, &c), VERSION_STALE);
    assert_no_trace(f);
    CODEC_SET(&c, if_version, 2);
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(f->applied.value, 3);
    assert_outcome(rename_category(f, &f->trade, "Trading", 7), VERSION_STALE);
    assert_outcome(rename_category(f, &f->trade, "Trading", 1), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_outcome(rename_category(f, &f->lobby, "x", 0), CATEGORY_UNKNOWN);
}

/* A place may take its own name in another case, not another's. */
static void test_room_change__renames(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->lobby);
    struct guid none = fixture_guid(99);

    CODEC_SET(&c, name, fixture_text("LOBBY"));
    assert_outcome(change(f, &c), DONE);
    CODEC_SET(&c, name, fixture_text("Desk"));
    assert_outcome(change(f, &c), NAME_TAKEN);
    assert_no_trace(f);
    assert_outcome(rename_category(f, &f->trade, "Lobby", 0), NAME_TAKEN);
    assert_outcome(rename_category(f, &f->trade, "", 0), DONE); /* Absent. */
    CODEC_SET(&c, room, fixture_guid_bytes(&none));
    assert_outcome(change(f, &c), ROOM_UNKNOWN);
    CODEC_SET(&c, room, fixture_guid_bytes(&f->trade));
    assert_outcome(change(f, &c), ROOM_UNKNOWN);
    c = change_of(&f->lobby);
    CODEC_SET(&c, category, fixture_guid_bytes(&none));
    assert_outcome(change(f, &c), CATEGORY_UNKNOWN);
    c = change_of(&f->lobby);
    CODEC_SET(&c, visibility, 5);
    assert_outcome(change(f, &c), VISIBILITY_INVALID);
    assert_no_trace(f);
}

/* Whoever loses his place in a closed room is parted at once, before the change
 * is told; a manager stays without being a member. */
static void test_room_change__removed_member_is_put_out(void **state)
{
    struct chat_fixture *f = *state;

    crowd(f);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_int_equal(f->effects.n_events, 3);
    assert_int_equal(f->effects.events[0].kind, EVENT_ROLE_CHANGED);
    assert_int_equal(f->effects.events[0].roles_before, ROLE_MEMBER);
    assert_int_equal(f->effects.events[0].roles, 0);
    assert_int_equal(f->effects.events[1].kind, EVENT_PARTED);
    assert_int_equal(f->effects.events[1].leave, LEAVE_EVICTED);
    assert_true(f->effects.events[1].edge);
    assert_int_equal(f->effects.events[2].kind, EVENT_ROOM_CHANGED);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->desk, "hi", NULL),
                   NOT_A_MEMBER);
    assert_int_equal(fixture_view(f, &f->desk).users_present, 1);

    assert_outcome(fixture_role(f, &f->desk, ALICE, ROLE_MEMBER, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, ALICE, ROLE_MEMBER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 0);
    assert_outcome(fixture_role(f, &f->desk, ALICE, ROLE_MANAGER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
}

/* In an open room nobody needs a role: losing one puts nobody out. */
static void test_room_change__open_room_keeps_everyone(void **state)
{
    struct chat_fixture *f = *state;

    crowd(f);
    assert_outcome(fixture_role(f, &f->lobby, BOB, ROLE_MEMBER, false), DONE);
    assert_outcome(fixture_role(f, &f->lobby, BOB, ROLE_MEMBER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 0);
}

/* A room that is closed puts out those without a role and keeps the others. */
static void test_room_change__closing_puts_strangers_out(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->lobby);
    ProtobufCBinaryData people[] = {fixture_text(BOB)};

    crowd(f);
    CODEC_SET(&c, visibility, PERCH__VISIBILITY__CLOSED);
    c.managers_add = people;
    c.n_managers_add = 1;
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 2);
    assert_int_equal(fixture_event(f, EVENT_ROOM_CHANGED)->changed,
                     CHANGED_VISIBILITY | CHANGED_ROLES);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->lobby, "hi", NULL), DONE);
}

/* A disabled room puts everyone out and keeps its members; enabled, it takes
 * them again, and its message ids go on. */
static void test_room_change__disabling_puts_everyone_out(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->desk);

    crowd(f);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->desk, "hi", NULL), DONE);
    CODEC_SET(&c, disabled, true);
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 2);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave,
                     LEAVE_ROOM_DISABLED);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->desk, "hi", NULL),
                   ROOM_DISABLED);
    CODEC_SET(&c, disabled, false);
    assert_outcome(change(f, &c), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->desk), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->desk, "hi", NULL), DONE);
    assert_int_equal(f->applied.value, 2);
}

/* Removals come before additions, so that a list can be set in one command. */
static void test_room_change__removes_before_it_adds(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange c = change_of(&f->desk);
    ProtobufCBinaryData people[] = {fixture_text(BOB)};

    crowd(f);
    c.members_add = c.members_remove = people;
    c.n_members_add = c.n_members_remove = 1;
    assert_outcome(change(f, &c), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 0);
    assert_int_equal(view_roles(query_room(f->machine, &f->desk),
                                query_user(f->machine, slice_of_text(BOB))),
                     ROLE_MEMBER);
}

/* A room has at most ROOM_ROLES_MAX members and managers. */
static void test_room_change__bounds_its_roles(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_ROOM_ROLES_MAX, 2), DONE);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MEMBER, false),
                   ROOM_ROLES_FULL);
    assert_no_trace(f);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MANAGER, false), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MEMBER, true), DONE);
    assert_outcome(fixture_role(f, &f->desk, BOB, ROLE_MANAGER, true), DONE);
    assert_outcome(fixture_role(f, &f->desk, CAROL, ROLE_MEMBER, false), DONE);
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(room_create__is_what_was_asked),
        IN(room_create__refusals),
        IN(room_create__checks_its_texts),
        IN(room_create__name_is_unique),
        IN(room_create__unknown_user_refuses_all),
        IN(room_create__bounds_its_lists),
        IN(room_create__bounds_the_pool),
        IN(room_create__needs_an_administrator),
        IN(room_change__changes_what_it_names),
        IN(machine_judge__decides_without_doing),
        IN(room_change__refuses_a_stale_version),
        IN(room_change__renames),
        IN(room_change__removed_member_is_put_out),
        IN(room_change__open_room_keeps_everyone),
        IN(room_change__closing_puts_strangers_out),
        IN(room_change__disabling_puts_everyone_out),
        IN(room_change__removes_before_it_adds),
        IN(room_change__bounds_its_roles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

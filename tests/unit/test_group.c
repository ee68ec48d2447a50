#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define TRADERS "group:traders"
#define LONDON  "unit:London"
#define ALL     "site:all"

/* The pool at the rules of people, with three groups that hold nobody. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_outcome(fixture_group(f, LONDON), DONE);
    assert_outcome(fixture_group(f, ALL), DONE);
    return 0;
}

static struct group_view view(const struct chat_fixture *f, const char *uri)
{
    const struct group *group = query_group(f->machine, slice_of_text(uri));
    struct group_view view;

    assert_non_null(group);
    view_group(group, &view);
    return view;
}

static enum outcome enter(const struct chat_fixture *f, const char *uri)
{
    return access_enter(query_user(f->machine, slice_of_text(uri)),
                        query_room(f->machine, &f->desk));
}

static void let_in(struct chat_fixture *f, const char *group)
{
    assert_outcome(fixture_role(f, &f->desk, group, ROLE_MEMBER, false), DONE);
}

static void put(struct chat_fixture *f, const char *group, const char *member)
{
    assert_outcome(fixture_member(f, group, member, true), DONE);
}

/* Carol sits in the desk by session 3 of node 2. */
static void seat_carol(struct chat_fixture *f)
{
    assert_outcome(fixture_open(f, 2, CAROL, 3), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->desk), DONE);
}

/* Until the rules are raised there are no groups, and a command that names one
 * is refused as the older program refuses it. */
static void test_group_create__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_group(f, TRADERS), COMMAND_UNKNOWN);
    assert_no_trace(f);
    assert_outcome(fixture_role(f, &f->desk, TRADERS, ROLE_MEMBER, false),
                   USER_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_GROUPS_MAX, 5), SETTING_UNKNOWN);
    fixture_raise(f);
    assert_outcome(fixture_role(f, &f->desk, TRADERS, ROLE_MEMBER, false),
                   GROUP_UNKNOWN);
    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_int_equal(fixture_count(f, EVENT_GROUP_CREATED), 1);
    assert_int_equal(fixture_event(f, EVENT_GROUP_CREATED)->group,
                     f->applied.value);
}

/* A group is named by its kind and a name; case does not tell two apart. */
static void test_group_create__names(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_group(f, "GROUP:Traders"), GROUP_EXISTS);
    assert_no_trace(f);
    assert_outcome(fixture_group(f, "group:"), GROUP_URI_INVALID);
    assert_outcome(fixture_group(f, "team:x"), GROUP_URI_INVALID);
    assert_outcome(fixture_group(f, "group:a\nb"), GROUP_URI_INVALID);
    assert_outcome(fixture_group(f, "sip:alice@example.com"),
                   GROUP_URI_INVALID);
    assert_outcome(fixture_group(f, "unit:OU=Desk 4,DC=Example"), DONE);
    assert_slice_text(view(f, "UNIT:ou=desk 4,dc=example").uri,
                      "unit:ou=desk 4,dc=example");
}

/* The pool has as many groups, and a group as many members, as is set. */
static void test_group_create__limits(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_set(f, SETTING_GROUPS_MAX, 3), DONE);
    assert_outcome(fixture_group(f, "group:fourth"), GROUPS_FULL);
    assert_outcome(fixture_set(f, SETTING_GROUP_MEMBERS_MAX, 1), DONE);
    put(f, TRADERS, CAROL);
    assert_outcome(fixture_member(f, TRADERS, BOB, true), GROUP_MEMBERS_FULL);
    assert_no_trace(f);
    put(f, TRADERS, CAROL); /* Is in already: nothing is added or told. */
    assert_int_equal(fixture_count(f, EVENT_MEMBERSHIP_CHANGED), 0);
    assert_int_equal(view(f, TRADERS).members, 1);
}

/* Who is in a group may do what the group may. */
static void test_group_change__a_member_has_what_the_group_has(void **state)
{
    struct chat_fixture *f = *state;

    let_in(f, TRADERS);
    assert_outcome(enter(f, CAROL), NOT_A_MEMBER);
    put(f, TRADERS, CAROL);
    assert_outcome(enter(f, CAROL), DONE);
    assert_int_equal(fixture_event(f, EVENT_MEMBERSHIP_CHANGED)->is_in, true);
    assert_int_equal(fixture_event(f, EVENT_GROUP_CHANGED)->changed,
                     CHANGED_MEMBERS);
    seat_carol(f);
    assert_outcome(fixture_post(f, 2, CAROL, 3, &f->desk, "hi", NULL), DONE);
}

/* A group in a group in a group counts as well. */
static void test_group_change__groups_nest(void **state)
{
    struct chat_fixture *f = *state;

    let_in(f, ALL);
    put(f, ALL, TRADERS);
    put(f, LONDON, CAROL);
    assert_outcome(enter(f, CAROL), NOT_A_MEMBER);
    put(f, TRADERS, LONDON);
    assert_outcome(enter(f, CAROL), DONE);
    assert_outcome(enter(f, ALICE), DONE); /* By name, as before. */
}

/* Groups that hold each other, or themselves, give no more than they have and
 * end no walk late. */
static void test_group_change__a_circle_is_harmless(void **state)
{
    struct chat_fixture *f = *state;

    put(f, TRADERS, LONDON);
    put(f, LONDON, TRADERS);
    put(f, LONDON, LONDON);
    put(f, LONDON, CAROL);
    assert_outcome(enter(f, CAROL), NOT_A_MEMBER);
    let_in(f, TRADERS);
    assert_outcome(enter(f, CAROL), DONE);
    seat_carol(f);
    assert_outcome(fixture_member(f, TRADERS, LONDON, false), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_outcome(enter(f, CAROL), NOT_A_MEMBER);
}

/* Taken out of the group, a user is out of the room with the same entry; put
 * back, the user may join again. */
static void test_group_change__who_loses_the_room_leaves_it(void **state)
{
    struct chat_fixture *f = *state;

    let_in(f, TRADERS);
    put(f, TRADERS, CAROL);
    seat_carol(f);
    assert_outcome(fixture_open(f, 1, BOB, 4), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 4, &f->desk), DONE);

    assert_outcome(fixture_member(f, TRADERS, CAROL, false), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_EVICTED);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->edge, true);
    assert_int_equal(fixture_view(f, &f->desk).users_present, 1);
    assert_outcome(fixture_post(f, 2, CAROL, 3, &f->desk, "hi", NULL),
                   NOT_A_MEMBER);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->desk), NOT_A_MEMBER);

    put(f, TRADERS, CAROL);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->desk), DONE);
}

/* A group taken out of a group takes all below it along, and nobody who has
 * the room otherwise. */
static void test_group_change__a_lost_group_takes_all_below_along(void **state)
{
    struct chat_fixture *f = *state;

    let_in(f, ALL);
    put(f, ALL, TRADERS);
    put(f, TRADERS, LONDON);
    put(f, LONDON, CAROL);
    put(f, LONDON, BOB); /* Who is a member by name, too. */
    seat_carol(f);
    assert_outcome(fixture_open(f, 1, BOB, 4), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 4, &f->desk), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 3, &f->lobby), DONE);

    assert_outcome(fixture_member(f, ALL, TRADERS, false), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_memory_equal(&fixture_event(f, EVENT_PARTED)->guid, &f->desk,
                        GUID_BYTES);
    assert_int_equal(fixture_view(f, &f->desk).users_present, 1);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
}

/* A room that loses a group loses all who were in by it. */
static void test_room_change__a_group_loses_its_role(void **state)
{
    struct chat_fixture *f = *state;

    let_in(f, TRADERS);
    put(f, TRADERS, CAROL);
    seat_carol(f);
    assert_outcome(fixture_role(f, &f->desk, TRADERS, ROLE_MEMBER, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_EVICTED);
}

/* A change of what someone else has changed in the meantime is refused. */
static void test_group_change__stale(void **state)
{
    struct chat_fixture *f = *state;
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_GROUP_CHANGE;
    command.group_change = &change;
    CODEC_SET(&change, uri, fixture_text(TRADERS));
    CODEC_SET(&change, if_version, 1);
    CODEC_SET(&change, display_name, fixture_text("Traders"));
    assert_outcome(fixture_administer(f, &command), DONE);
    assert_int_equal(f->applied.value, 2);
    CODEC_SET(&change, display_name, fixture_text("Others"));
    assert_outcome(fixture_administer(f, &command), VERSION_STALE);
    assert_no_trace(f);
    assert_slice_text(view(f, TRADERS).display_name, "Traders");
    assert_outcome(fixture_member(f, "group:none", BOB, true), GROUP_UNKNOWN);
}

/* One unknown name refuses the lists whole and is pointed at. */
static void test_group_change__all_or_nothing(void **state)
{
    struct chat_fixture *f = *state;
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    ProtobufCBinaryData out[] = {fixture_text(CAROL)},
                        in[] = {fixture_text(BOB), fixture_text("group:none")};

    put(f, TRADERS, CAROL);
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CHANGE;
    command.group_change = &change;
    CODEC_SET(&change, uri, fixture_text(TRADERS));
    change.n_members_remove = 1;
    change.members_remove = out;
    change.n_members_add = 2;
    change.members_add = in;
    assert_outcome(fixture_administer(f, &command), GROUP_UNKNOWN);
    assert_int_equal(f->applied.value, 2);
    assert_no_trace(f);
    in[1] = fixture_text("sip:nobody@example.com");
    assert_outcome(fixture_administer(f, &command), USER_UNKNOWN);
    assert_int_equal(view(f, TRADERS).members, 1);
}

static void count_roles(void *context, const struct row_key *key,
                        const struct slice *value)
{
    size_t *counts = context;

    (void)value;
    counts[key->kind] += 1;
}

/* However many a group holds, a room keeps one row for it, and letting it in
 * writes no other. */
static void test_room_change__a_group_is_one_row(void **state)
{
    enum { MANY = 500 };
    struct chat_fixture *f = *state;
    size_t counts[ROW_KINDS] = {0};
    char uri[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(uri, sizeof(uri), "sip:u%d@example.com", i);
        assert_outcome(fixture_user(f, uri), DONE);
        put(f, TRADERS, uri);
    }
    let_in(f, TRADERS);
    machine_write_changes(f->machine, count_roles, counts);
    assert_int_equal(counts[ROW_ROLE], 1);
    assert_int_equal(counts[ROW_MEMBERSHIP], 0);
    assert_outcome(enter(f, uri), DONE);
}

/* What groups give is there again when the machine is made from its rows. */
static void test_machine_load__groups(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    enum error error;

    let_in(f, ALL);
    put(f, ALL, LONDON);
    put(f, LONDON, CAROL);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_outcome(enter(f, CAROL), DONE);
    assert_outcome(fixture_member(f, ALL, LONDON, false), DONE);
    assert_outcome(enter(f, CAROL), NOT_A_MEMBER);
    assert_null(row_store_machine(store, 1, &error));
    assert_int_equal(error, ERROR_UNSUPPORTED); /* An older program. */
    row_store_free(store);
}

int main(void)
{
#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_group_create__waits_for_the_rules,
                                        fixture_setup, fixture_teardown),
        CASE(test_group_create__names),
        CASE(test_group_create__limits),
        CASE(test_group_change__a_member_has_what_the_group_has),
        CASE(test_group_change__groups_nest),
        CASE(test_group_change__a_circle_is_harmless),
        CASE(test_group_change__who_loses_the_room_leaves_it),
        CASE(test_group_change__a_lost_group_takes_all_below_along),
        CASE(test_room_change__a_group_loses_its_role),
        CASE(test_group_change__stale),
        CASE(test_group_change__all_or_nothing),
        CASE(test_room_change__a_group_is_one_row),
        CASE(test_machine_load__groups),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"
#include "tests/unit/talk_fixture.h"

#define TRADERS "group:traders"

/* The pool at the newest rules. */
static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static enum outcome delete_room_at(struct chat_fixture *f,
                                   const struct guid *room, uint32_t version)
{
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, room, fixture_guid_bytes(room));
    delete.has_if_version = version != 0;
    delete.if_version = version;
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    return fixture_administer(f, &command);
}

static enum outcome delete_room(struct chat_fixture *f, const struct guid *room)
{
    return delete_room_at(f, room, 0);
}

static enum outcome delete_category(struct chat_fixture *f,
                                    const struct guid *category)
{
    Perch__CategoryDelete delete = PERCH__CATEGORY_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, category, fixture_guid_bytes(category));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_DELETE;
    command.category_delete = &delete;
    return fixture_administer(f, &command);
}

static enum outcome delete_group(struct chat_fixture *f, const char *uri)
{
    Perch__GroupDelete delete = PERCH__GROUP_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, uri, fixture_text(uri));
    command.kind_case = PERCH__COMMAND__KIND_GROUP_DELETE;
    command.group_delete = &delete;
    return fixture_administer(f, &command);
}

static enum outcome delete_user(struct chat_fixture *f, const char *uri)
{
    Perch__UserDelete delete = PERCH__USER_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&delete, uri, fixture_text(uri));
    command.kind_case = PERCH__COMMAND__KIND_USER_DELETE;
    command.user_delete = &delete;
    return fixture_administer(f, &command);
}

static uint64_t roles_of(const struct chat_fixture *f)
{
    struct pool_view pool;

    query_pool(f->machine, &pool);
    return pool.roles;
}

/* Make the machine anew from all its rows. */
static void restart(struct chat_fixture *f)
{
    struct row_store *store = row_store_new();
    uint64_t hash = machine_hash(f->machine);
    enum error error;

    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_int_equal(machine_hash(f->machine), hash);
    row_store_free(store);
}

/* Deletion is unknown to pools that have not raised their rules so far. */
static void test_room_delete__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(delete_room(f, &f->lobby), COMMAND_UNKNOWN);
    assert_outcome(delete_user(f, BOB), COMMAND_UNKNOWN);
    assert_no_trace(f);
}

/* Who is in a deleted room leaves it with the same entry; its roles are gone
 * and nobody finds it, but for those who are told of the entry. */
static void test_room_delete__empties_it(void **state)
{
    struct chat_fixture *f = *state;
    uint32_t number = fixture_view(f, &f->desk).place.number;
    uint64_t roles = roles_of(f);
    const struct room *gone;
    struct room_view view;

    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), DONE);
    assert_outcome(delete_room(f, &f->desk), DONE);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_ROOM_DELETED);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->edge, true);
    assert_int_equal(f->effects.events[f->effects.n_events - 1].kind,
                     EVENT_ROOM_DELETED);
    assert_int_equal(fixture_event(f, EVENT_ROOM_DELETED)->room, number);
    assert_int_equal(roles_of(f), roles - 2); /* Alice's and Bob's. */

    assert_null(query_room(f->machine, &f->desk));
    assert_null(query_room_numbered(f->machine, number));
    gone = query_room_told(f->machine, number);
    assert_non_null(gone);
    view_room(gone, &view);
    assert_slice_text(view.place.name, "desk");
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), ROOM_UNKNOWN);
    assert_null(query_room_told(f->machine, number));
}

/* The name is free again; the guid, which is in old addresses, is not. */
static void test_room_delete__frees_the_name_alone(void **state)
{
    struct chat_fixture *f = *state;
    struct guid fresh = fixture_guid(77);
    uint32_t number = fixture_view(f, &f->desk).place.number;

    assert_outcome(delete_room(f, &f->desk), DONE);
    assert_outcome(
        fixture_room(f, &f->desk, "desk", PERCH__VISIBILITY__OPEN, NULL),
        GUID_TAKEN);
    restart(f);
    assert_outcome(
        fixture_room(f, &f->desk, "other", PERCH__VISIBILITY__OPEN, NULL),
        GUID_TAKEN);
    assert_outcome(
        fixture_room(f, &fresh, "Desk", PERCH__VISIBILITY__OPEN, NULL), DONE);
    assert_true(fixture_view(f, &fresh).place.number > number);
}

/* What was said is kept beneath, and a tombstone says where and of what. */
static void test_room_delete__names_what_is_kept(void **state)
{
    struct chat_fixture *f = *state;
    uint32_t number = fixture_view(f, &f->desk).place.number;
    struct tombstone_view view;

    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->desk, "one", NULL), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->desk, "two", NULL), DONE);
    assert_false(query_tombstone(f->machine, &f->desk, &view));
    assert_outcome(delete_room(f, &f->desk), DONE);
    restart(f);
    assert_true(query_tombstone(f->machine, &f->desk, &view));
    assert_int_equal(view.number, number);
    assert_int_equal(view.message_id_last, 2);
    assert_slice_text(view.name, "desk");
}

/* A retry of a post in a room that is gone is not taken for a new one. */
static void test_room_delete__remembers_retries(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->desk, "one", "r1"), DONE);
    assert_outcome(delete_room(f, &f->desk), DONE);
    restart(f);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->desk, "one", "r1"),
                   RETRY_ID_REUSED);
}

/* Users delete no rooms, not even those they manage, and a room that has
 * changed since is not deleted unseen. */
static void test_room_delete__refusals(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomDelete delete = PERCH__ROOM_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct guid none = fixture_guid(99);

    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    CODEC_SET(&delete, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&command, user, fixture_text(ALICE));
    CODEC_SET(&command, session, 1);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_DELETE;
    command.room_delete = &delete;
    assert_outcome(fixture_apply(f, 1, &command), NOT_AN_ADMINISTRATOR);
    assert_no_trace(f);
    assert_outcome(delete_room_at(f, &f->desk, 9), VERSION_STALE);
    assert_no_trace(f);
    assert_outcome(delete_room(f, &none), ROOM_UNKNOWN);
    assert_outcome(delete_room(f, &f->trade), ROOM_UNKNOWN);
}

/* A category goes when its last room has gone or been moved, and not before. */
static void test_category_delete__only_when_empty(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(delete_category(f, &f->trade), CATEGORY_NOT_EMPTY);
    assert_no_trace(f);
    assert_outcome(delete_room(f, &f->desk), DONE);
    assert_outcome(delete_category(f, &f->trade), CATEGORY_NOT_EMPTY);
    assert_outcome(delete_room(f, &f->lobby), DONE);
    assert_outcome(delete_category(f, &f->trade), DONE);
    assert_int_equal(fixture_count(f, EVENT_CATEGORY_DELETED), 1);
    assert_null(query_category(f->machine, &f->trade));
    assert_outcome(delete_category(f, &f->trade), CATEGORY_UNKNOWN);
    restart(f);
}

/* Who had a room by the group alone is out of it with the same entry; who has
 * it by name as well stays. */
static void test_group_delete__takes_what_it_gave(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_outcome(fixture_group(f, "group:all"), DONE);
    assert_outcome(fixture_member(f, TRADERS, CAROL, true), DONE);
    assert_outcome(fixture_member(f, TRADERS, BOB, true), DONE);
    assert_outcome(fixture_member(f, TRADERS, TRADERS, true), DONE);
    assert_outcome(fixture_member(f, "group:all", TRADERS, true), DONE);
    assert_outcome(fixture_role(f, &f->desk, "group:all", ROLE_MEMBER, false),
                   DONE);
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), DONE);
    assert_outcome(fixture_open(f, 2, CAROL, 2), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 2, &f->desk), DONE);

    assert_outcome(delete_group(f, TRADERS), DONE);
    assert_int_equal(fixture_count(f, EVENT_PARTED), 1);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_EVICTED);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->session.serial, 2);
    assert_null(query_group(f->machine, slice_of_text(TRADERS)));
    assert_outcome(delete_group(f, TRADERS), GROUP_UNKNOWN);
    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_outcome(fixture_join(f, 2, CAROL, 2, &f->desk), NOT_A_MEMBER);
    restart(f);
}

/* A deleted user's sessions end and all that was the user's goes. Whoever is
 * given the URI next has none of it. */
static void test_user_delete__leaves_nothing_to_the_next(void **state)
{
    struct chat_fixture *f = *state;
    uint32_t number =
        (uint32_t)fixture_view(f, &f->desk).users_with_role; /* Two. */
    const struct user *gone;
    struct user_view view;

    assert_outcome(fixture_group(f, TRADERS), DONE);
    assert_outcome(fixture_member(f, TRADERS, BOB, true), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->desk), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->desk, "one", "r1"), DONE);
    assert_outcome(delete_user(f, BOB), DONE);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->edge, true);
    assert_int_equal(fixture_event(f, EVENT_SESSION_CLOSED)->leave,
                     LEAVE_USER_DELETED);
    gone =
        query_user_told(f->machine, fixture_event(f, EVENT_USER_DELETED)->user);
    assert_non_null(gone);
    view_user(gone, &view);
    assert_slice_text(view.uri, BOB);
    assert_null(query_user(f->machine, slice_of_text(BOB)));
    assert_int_equal(fixture_view(f, &f->desk).users_with_role, number - 1);
    restart(f);

    assert_outcome(delete_user(f, BOB), USER_UNKNOWN);
    assert_outcome(fixture_user(f, BOB), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->desk), NOT_A_MEMBER);
    assert_outcome(fixture_join(f, 1, BOB, 2, &f->lobby), DONE);
    assert_outcome(fixture_post(f, 1, BOB, 2, &f->lobby, "new", "r1"), DONE);
}

/* What a legal hold lies on is not deleted until the hold is lifted. */
static void test_delete__not_under_a_hold(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(talk_hold(f, "case 1", &f->desk, NULL), DONE);
    assert_outcome(talk_hold(f, "case 2", NULL, BOB), DONE);
    assert_outcome(delete_room(f, &f->desk), ROOM_HELD);
    assert_no_trace(f);
    assert_outcome(delete_user(f, BOB), USER_HELD);
    assert_no_trace(f);
    assert_outcome(talk_lift(f, "case 1", &f->desk, NULL), DONE);
    assert_outcome(talk_lift(f, "case 2", NULL, BOB), DONE);
    assert_outcome(delete_room(f, &f->desk), DONE);
    assert_outcome(delete_user(f, BOB), DONE);
    restart(f);
}

static enum outcome follow(struct chat_fixture *f, const char *user,
                           uint32_t instance, const struct guid *room)
{
    Perch__Publish__Item item = PERCH__PUBLISH__ITEM__INIT;
    Perch__Publish__Item *items[] = {&item};
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&item, container, 1);
    CODEC_SET(&item, instance, instance);
    CODEC_SET(&item, xml, fixture_text("<roomSetting/>"));
    CODEC_SET(&item, room, fixture_guid_bytes(room));
    publish.n_items = 1;
    publish.items = items;
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    CODEC_SET(&command, user, fixture_text(user));
    return fixture_apply(f, 1, &command);
}

static uint64_t rows_of(const struct chat_fixture *f)
{
    struct row_store *store = row_store_new();
    uint64_t n;

    machine_write_all(f->machine, row_store_take, store);
    n = row_store_count(store);
    row_store_free(store);
    return n;
}

/* Marks of reading go with the room and with the user; who follows a room that
 * is gone keeps the item, which then speaks of no room. */
static void test_delete__takes_what_was_followed_and_read(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t rows = rows_of(f);

    assert_outcome(follow(f, BOB, 1, &f->desk), DONE);
    assert_outcome(follow(f, BOB, 2, &f->lobby), DONE);
    assert_outcome(follow(f, ALICE, 1, &f->desk), DONE);
    assert_int_equal(rows_of(f), rows + 6); /* An item and a mark each. */
    assert_outcome(delete_room(f, &f->desk), DONE);
    /* Two marks, the room and its two roles less; a tombstone more. */
    assert_int_equal(rows_of(f), rows + 6 - 2 - 3 + 1);
    restart(f);
    assert_outcome(delete_user(f, BOB), DONE);
    assert_int_equal(rows_of(f), rows + 4 - 3 + 1 - 1 - 3);
    restart(f);
}

/* Judging a deletion deletes nothing. */
static void test_machine_judge__of_deletion(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserDelete delete = PERCH__USER_DELETE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    uint64_t hash = machine_hash(f->machine);

    CODEC_SET(&delete, uri, fixture_text(BOB));
    CODEC_SET(&command, administrator, fixture_text("root"));
    command.kind_case = PERCH__COMMAND__KIND_USER_DELETE;
    command.user_delete = &delete;
    assert_outcome(machine_judge(f->machine, &command, NULL).outcome, DONE);
    assert_int_equal(machine_hash(f->machine), hash);
}

int main(void)
{
#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_room_delete__waits_for_the_rules,
                                        fixture_setup, fixture_teardown),
        CASE(test_room_delete__empties_it),
        CASE(test_room_delete__frees_the_name_alone),
        CASE(test_room_delete__names_what_is_kept),
        CASE(test_room_delete__remembers_retries),
        CASE(test_room_delete__refusals),
        CASE(test_category_delete__only_when_empty),
        CASE(test_group_delete__takes_what_it_gave),
        CASE(test_user_delete__leaves_nothing_to_the_next),
        CASE(test_delete__not_under_a_hold),
        CASE(test_delete__takes_what_was_followed_and_read),
        CASE(test_machine_judge__of_deletion),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <string.h>

#include "node/chat/page.h"
#include "tests/unit/chat_fixture.h"

/* Names or users seen, one after the other, as "a,b,". */
struct seen {
    char text[512];
    int left; /* How many more to take. */
};

static bool take(struct seen *seen, struct slice name)
{
    size_t len = strlen(seen->text);

    assert_true(len + name.len + 2 < sizeof(seen->text));
    memcpy(seen->text + len, name.data, name.len);
    seen->text[len + name.len] = ',';
    seen->left -= 1;
    return seen->left != 0;
}

static bool see_room(void *context, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    return take(context, view.place.name);
}

static bool see_category(void *context, const struct category *category)
{
    struct category_view view;

    view_category(category, &view);
    return take(context, view.place.name);
}

static struct slice short_uri(struct slice uri)
{
    return slice_of(uri.data + 4, uri.len - 4 - strlen("@example.com"));
}

static struct slice short_name(const struct user *user)
{
    struct user_view view;

    view_user(user, &view);
    return short_uri(view.uri);
}

static bool see_user(void *context, const struct user *user)
{
    return take(context, short_name(user));
}

static bool see_role(void *context, const struct principal *principal,
                     unsigned roles)
{
    struct principal_view view;

    assert_true(roles != 0);
    view_principal(principal, &view);
    return take(context, short_uri(view.uri));
}

static bool see_present(void *context, const struct present *present)
{
    struct seen *seen = context;

    seen->text[strlen(seen->text)] = (char)('0' + present->endpoints);
    seen->text[strlen(seen->text)] = (char)('0' + (int)present->roles);
    return take(seen, short_name(present->user));
}

static bool see_session(void *context, const struct session *session)
{
    struct session_view view;

    view_session(session, &view);
    return take(context, view.endpoint_id);
}

static const struct user *user(const struct chat_fixture *f, const char *uri)
{
    return query_user(f->machine, slice_of_text(uri));
}

static const struct room *desk(const struct chat_fixture *f)
{
    return query_room(f->machine, &f->desk);
}

static const struct room *lobby(const struct chat_fixture *f)
{
    return query_room(f->machine, &f->lobby);
}

static void disable(struct chat_fixture *f, const struct guid *guid)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(guid));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    assert_outcome(fixture_administer(f, &command), DONE);
}

/* Open: anyone finds, enters, posts, reads. Closed: anyone finds, those with a
 * role do the rest. */
static void test_access__open_and_closed(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(access_find(user(f, CAROL), lobby(f)), DONE);
    assert_outcome(access_enter(user(f, CAROL), lobby(f)), DONE);
    assert_outcome(access_post(user(f, CAROL), lobby(f)), DONE);
    assert_outcome(access_read(user(f, CAROL), lobby(f)), DONE);
    assert_outcome(access_find(user(f, CAROL), desk(f)), DONE);
    assert_outcome(access_enter(user(f, CAROL), desk(f)), NOT_A_MEMBER);
    assert_outcome(access_post(user(f, CAROL), desk(f)), NOT_A_MEMBER);
    assert_outcome(access_read(user(f, CAROL), desk(f)), NOT_A_MEMBER);
    assert_outcome(access_post(user(f, BOB), desk(f)), DONE);
    assert_outcome(access_read(user(f, ALICE), desk(f)), DONE);
}

/* A disabled room is not found, a disabled user finds nothing. */
static void test_access__disabled(void **state)
{
    struct chat_fixture *f = *state;

    disable(f, &f->desk);
    assert_outcome(access_find(user(f, ALICE), desk(f)), ROOM_DISABLED);
    assert_outcome(access_read(user(f, ALICE), desk(f)), ROOM_DISABLED);
    assert_outcome(fixture_disable_user(f, BOB, true), DONE);
    assert_outcome(access_find(user(f, BOB), lobby(f)), USER_DISABLED);
    assert_outcome(access_read(user(f, BOB), desk(f)), USER_DISABLED);
}

/* A search shows by name what may be found, ASCII case aside, and stops when
 * told to. */
static void test_list_rooms_visible__by_name(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(60);
    struct seen seen = {"", -1};

    assert_outcome(
        fixture_room(f, &guid, "Bonds DESK", PERCH__VISIBILITY__OPEN, NULL),
        DONE);
    list_rooms_visible(f->machine, user(f, CAROL), SLICE_NONE, see_room, &seen);
    assert_string_equal(seen.text, "Bonds DESK,desk,lobby,");
    seen = (struct seen){"", -1};
    list_rooms_visible(f->machine, user(f, CAROL), SLICE_LITERAL("DeSk"),
                       see_room, &seen);
    assert_string_equal(seen.text, "Bonds DESK,desk,");
    seen = (struct seen){"", 1};
    list_rooms_visible(f->machine, user(f, CAROL), SLICE_LITERAL("DeSk"),
                       see_room, &seen);
    assert_string_equal(seen.text, "Bonds DESK,");
    disable(f, &guid);
    seen = (struct seen){"", -1};
    list_rooms_visible(f->machine, user(f, CAROL), SLICE_NONE, see_room, &seen);
    assert_string_equal(seen.text, "desk,lobby,");
    seen = (struct seen){"", -1};
    list_rooms(f->machine, see_room, &seen);
    assert_string_equal(seen.text, "Bonds DESK,desk,lobby,");
    seen = (struct seen){"", -1};
    page_categories(f->machine, SLICE_NONE, see_category, &seen);
    assert_string_equal(seen.text, "Trade,");
}

/* One's rooms are those one has the role in, disabled ones left out. */
static void test_list_rooms_of__by_role(void **state)
{
    struct chat_fixture *f = *state;
    struct seen seen = {"", -1};

    assert_outcome(fixture_role(f, &f->lobby, ALICE, ROLE_MEMBER, false), DONE);
    list_rooms_of(f->machine, user(f, ALICE), ROLE_MEMBER, see_room, &seen);
    assert_string_equal(seen.text, "lobby,");
    seen = (struct seen){"", -1};
    list_rooms_of(f->machine, user(f, ALICE), ROLE_MANAGER, see_room, &seen);
    assert_string_equal(seen.text, "desk,");
    seen = (struct seen){"", -1};
    list_rooms_of(f->machine, user(f, ALICE), ROLES_OF_ROOM, see_room, &seen);
    assert_string_equal(seen.text, "lobby,desk,");
    disable(f, &f->desk);
    seen = (struct seen){"", -1};
    list_rooms_of(f->machine, user(f, ALICE), ROLES_OF_ROOM, see_room, &seen);
    assert_string_equal(seen.text, "lobby,");
    seen = (struct seen){"", -1};
    page_roles(f->machine, desk(f), 0, see_role, &seen);
    assert_string_equal(seen.text, "alice,bob,");
}

/* Participants are users, each once with the number of endpoints and the
 * roles. */
static void test_list_participants__each_user_once(void **state)
{
    struct chat_fixture *f = *state;
    struct session_id id = {1, f->epochs[1], 8};
    struct seen seen = {"", -1};
    uint64_t index;

    assert_outcome(fixture_open(f, 2, BOB, 5), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 8), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 9), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 5, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 8, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 9, &f->desk), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 8, &f->lobby), DONE);
    list_participants(desk(f), see_present, &seen);
    assert_string_equal(seen.text, "12alice,21bob,");
    seen = (struct seen){"", -1};
    page_sessions(f->machine, &(struct session_id){0}, see_session, &seen);
    assert_string_equal(seen.text, "8,9,5,");
    seen = (struct seen){"", -1};
    list_sessions_of(user(f, BOB), see_session, &seen);
    assert_string_equal(seen.text, "8,5,");
    seen = (struct seen){"", -1};
    list_rooms_joined(query_session(f->machine, &id), see_room, &seen);
    assert_string_equal(seen.text, "desk,lobby,");
    id.serial = 9;
    assert_false(
        view_join_index(lobby(f), query_session(f->machine, &id), &index));
    id.epoch += 1;
    assert_null(query_session(f->machine, &id));
}

/* Users are listed by URI and found in any case. */
static void test_page_users__by_uri(void **state)
{
    struct chat_fixture *f = *state;
    struct seen seen = {"", -1};

    page_users(f->machine, SLICE_NONE, see_user, &seen);
    assert_string_equal(seen.text, "alice,bob,carol,");
    assert_ptr_equal(user(f, "SIP:Alice@EXAMPLE.com"), user(f, ALICE));
    assert_ptr_equal(query_user_numbered(f->machine, 1), user(f, ALICE));
    assert_null(query_user_numbered(f->machine, 4));
    assert_null(query_category(f->machine, &f->lobby));
    assert_null(query_room(f->machine, &f->trade));
    assert_ptr_equal(query_room_numbered(f->machine, 2), lobby(f));
    assert_null(query_room_numbered(f->machine, 1)); /* The category. */
}

/* A page begins after its mark, in the order of the whole list, whether or not
 * the mark is still there. */
static void test_page_rooms__goes_on_by_name(void **state)
{
    struct chat_fixture *f = *state;
    struct seen seen = {"", -1};

    page_rooms(f->machine, SLICE_NONE, see_room, &seen);
    assert_string_equal(seen.text, "desk,lobby,");
    seen = (struct seen){"", 1};
    page_rooms(f->machine, SLICE_NONE, see_room, &seen);
    assert_string_equal(seen.text, "desk,");
    seen = (struct seen){"", -1};
    page_rooms(f->machine, SLICE_LITERAL("DESK"), see_room, &seen);
    assert_string_equal(seen.text, "lobby,");
    seen = (struct seen){"", -1};
    page_rooms(f->machine, SLICE_LITERAL("desks"), see_room, &seen);
    assert_string_equal(seen.text, "lobby,");
    seen = (struct seen){"", -1};
    page_rooms(f->machine, SLICE_LITERAL("lobby"), see_room, &seen);
    page_categories(f->machine, SLICE_LITERAL("trade"), see_category, &seen);
    assert_string_equal(seen.text, "");
    page_categories(f->machine, SLICE_LITERAL("A"), see_category, &seen);
    assert_string_equal(seen.text, "Trade,");
}

/* The same for users and for who has a role. */
static void test_page_users__goes_on_by_uri(void **state)
{
    struct chat_fixture *f = *state;
    struct seen seen = {"", -1};

    page_users(f->machine, SLICE_LITERAL("sip:Alice@example.com"), see_user,
               &seen);
    assert_string_equal(seen.text, "bob,carol,");
    seen = (struct seen){"", 2};
    page_users(f->machine, SLICE_NONE, see_user, &seen);
    assert_string_equal(seen.text, "alice,bob,");
    seen = (struct seen){"", -1};
    page_roles(f->machine, desk(f), 0, see_role, &seen);
    assert_string_equal(seen.text, "alice,bob,");
    seen = (struct seen){"", -1};
    page_roles(f->machine, desk(f), 1, see_role, &seen);
    assert_string_equal(seen.text, "bob,");
    seen = (struct seen){"", -1};
    page_roles(f->machine, desk(f), 2, see_role, &seen);
    assert_string_equal(seen.text, "");
}

/* Sessions go on by node and serial; those of a later epoch are others. */
static void test_page_sessions__goes_on_by_id(void **state)
{
    struct chat_fixture *f = *state;
    struct session_id after = {0};
    struct seen seen = {"", -1};

    assert_outcome(fixture_open(f, 1, BOB, 8), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 9), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 5), DONE);
    page_sessions(f->machine, &after, see_session, &seen);
    assert_string_equal(seen.text, "8,9,5,");
    after = (struct session_id){1, f->epochs[1], 8};
    seen = (struct seen){"", -1};
    page_sessions(f->machine, &after, see_session, &seen);
    assert_string_equal(seen.text, "9,5,");
    after.epoch += 1;
    seen = (struct seen){"", -1};
    page_sessions(f->machine, &after, see_session, &seen);
    assert_string_equal(seen.text, "8,9,5,");
    after = (struct session_id){2, f->epochs[2], 5};
    seen = (struct seen){"", -1};
    page_sessions(f->machine, &after, see_session, &seen);
    assert_string_equal(seen.text, "");
}

/* Names are found in any case, each as what it is. */
static void test_query_room_named__tells_rooms_from_categories(void **state)
{
    struct chat_fixture *f = *state;

    assert_ptr_equal(query_room_named(f->machine, SLICE_LITERAL("DESK")),
                     desk(f));
    assert_null(query_room_named(f->machine, SLICE_LITERAL("Trade")));
    assert_ptr_equal(query_category_named(f->machine, SLICE_LITERAL("TRADE")),
                     query_category(f->machine, &f->trade));
    assert_null(query_category_named(f->machine, SLICE_LITERAL("desk")));
    assert_null(query_category_named(f->machine, SLICE_LITERAL("none")));
}

/* The pool tells how much there is of everything. */
static void test_query_pool__counts(void **state)
{
    struct chat_fixture *f = *state;
    struct pool_view view;

    query_pool(f->machine, &view);
    assert_int_equal(view.users, 3);
    assert_int_equal(view.rooms, 2);
    assert_int_equal(view.categories, 1);
    assert_int_equal(view.roles, 2);
    assert_int_equal(view.sessions, 0);
    assert_int_equal(view.rules_version, 1);
    assert_int_equal(view.sent_at_us, f->effects.sent_at_us);
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(access__open_and_closed),
        IN(access__disabled),
        IN(list_rooms_visible__by_name),
        IN(list_rooms_of__by_role),
        IN(list_participants__each_user_once),
        IN(page_users__by_uri),
        IN(page_rooms__goes_on_by_name),
        IN(page_users__goes_on_by_uri),
        IN(page_sessions__goes_on_by_id),
        IN(query_room_named__tells_rooms_from_categories),
        IN(query_pool__counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

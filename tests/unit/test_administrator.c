#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define LOCAL       PERCH__CREDENTIAL__LOCAL
#define CERTIFICATE PERCH__CREDENTIAL__CERTIFICATE

/* The pool at the newest rules. */
static int setup(void **state)
{
    if (fixture_setup(state) != 0) {
        return -1;
    }
    fixture_raise(*state);
    return 0;
}

static enum outcome act(struct chat_fixture *f, Perch__Credential credential,
                        const char *name, Perch__Command *command)
{
    CODEC_SET(command, administrator, fixture_text(name));
    CODEC_SET(command, credential, credential);
    return fixture_apply(f, 1, command);
}

static enum outcome grant_by(struct chat_fixture *f,
                             Perch__Credential credential, const char *by,
                             const char *name, Perch__AdministratorRole role)
{
    Perch__AdministratorGrant grant = PERCH__ADMINISTRATOR_GRANT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&grant, name, fixture_text(name));
    CODEC_SET(&grant, role, role);
    command.kind_case = PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT;
    command.administrator_grant = &grant;
    return act(f, credential, by, &command);
}

#define GRANT(f, name, role)                                                   \
    grant_by(f, CERTIFICATE, "boot", name, PERCH__ADMINISTRATOR_ROLE__##role)

/* @role  0: all. */
static enum outcome revoke_by(struct chat_fixture *f,
                              Perch__Credential credential, const char *by,
                              const char *name, int role)
{
    Perch__AdministratorRevoke revoke = PERCH__ADMINISTRATOR_REVOKE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&revoke, name, fixture_text(name));
    revoke.has_role = role != 0;
    revoke.role = (Perch__AdministratorRole)role;
    command.kind_case = PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE;
    command.administrator_revoke = &revoke;
    return act(f, credential, by, &command);
}

static enum outcome revoke(struct chat_fixture *f, const char *name, int role)
{
    return revoke_by(f, CERTIFICATE, "boot", name, role);
}

static enum outcome create_user(struct chat_fixture *f,
                                Perch__Credential credential, const char *by,
                                const char *uri)
{
    Perch__UserCreate create = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&create, uri, fixture_text(uri));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &create;
    return act(f, credential, by, &command);
}

static enum outcome disable_room(struct chat_fixture *f,
                                 Perch__Credential credential, const char *by)
{
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, disabled, true);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    return act(f, credential, by, &command);
}

static enum outcome explain(struct chat_fixture *f, struct slice reason)
{
    Perch__Noop noop = PERCH__NOOP__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_NOOP;
    command.noop = &noop;
    CODEC_SET(&command, reason, codec_bytes(reason));
    return fixture_administer(f, &command);
}

static size_t listed(const struct chat_fixture *f)
{
    struct administrator_view view;
    size_t n = 0;

    for (uint32_t slot = 0; slot < ADMINISTRATORS_MAX; slot++) {
        n += query_administrator(f->machine, slot, &view);
    }
    return n;
}

/* Until the rules are raised nobody has a role, and no command says why. */
static void test_administrator_grant__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(GRANT(f, "local:bob", VIEWER), COMMAND_UNKNOWN);
    assert_outcome(explain(f, SLICE_LITERAL("as agreed")), COMMAND_UNKNOWN);
    assert_outcome(create_user(f, LOCAL, "x", "sip:x@example.com"),
                   COMMAND_UNKNOWN);
    assert_no_trace(f);
}

/* While nobody has a role, whoever the nodes admit may do everything. The first
 * grant writes down local root and whoever gives it, and closes the list. */
static void test_administrator_grant__the_first_closes_the_list(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(create_user(f, LOCAL, "anyone", "sip:x@example.com"), DONE);
    assert_outcome(GRANT(f, "certificate:carl", VIEWER), DONE);
    assert_int_equal(fixture_count(f, EVENT_ADMINISTRATOR_CHANGED), 3);
    assert_int_equal(listed(f), 3);
    assert_outcome(create_user(f, LOCAL, "anyone", "sip:y@example.com"),
                   ADMINISTRATOR_ROLE_MISSING);
    assert_no_trace(f);
    assert_outcome(create_user(f, LOCAL, "root", "sip:y@example.com"), DONE);
    assert_outcome(create_user(f, CERTIFICATE, "boot", "sip:z@example.com"),
                   DONE);
}

/* A name counts with what it was believed by, and not without. */
static void test_administrator_check__names_are_of_their_kind(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserCreate create = PERCH__USER_CREATE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    assert_outcome(GRANT(f, "certificate:carl", OPERATOR), DONE);
    assert_outcome(create_user(f, CERTIFICATE, "carl", "sip:y@example.com"),
                   DONE);
    assert_outcome(create_user(f, LOCAL, "carl", "sip:z@example.com"),
                   ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(create_user(f, CERTIFICATE, "root", "sip:z@example.com"),
                   ADMINISTRATOR_ROLE_MISSING);
    CODEC_SET(&create, uri, fixture_text("sip:z@example.com"));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &create;
    CODEC_SET(&command, administrator, fixture_text("root"));
    assert_outcome(fixture_apply(f, 1, &command), ADMINISTRATOR_ROLE_MISSING);
}

/* Each role covers its own: rooms are not the operator's, users not the room
 * administrator's, nothing is the viewer's, and roles are given by
 * administrators alone. */
static void test_administrator_check__roles(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(GRANT(f, "local:olga", OPERATOR), DONE);
    assert_outcome(GRANT(f, "local:rita", ROOM_ADMINISTRATOR), DONE);
    assert_outcome(GRANT(f, "local:vera", VIEWER), DONE);
    assert_outcome(GRANT(f, "local:cora", COMPLIANCE_OFFICER), DONE);
    assert_outcome(create_user(f, LOCAL, "olga", "sip:o@example.com"), DONE);
    assert_outcome(disable_room(f, LOCAL, "olga"), ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(disable_room(f, LOCAL, "rita"), DONE);
    assert_outcome(create_user(f, LOCAL, "rita", "sip:r@example.com"),
                   ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(disable_room(f, LOCAL, "vera"), ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(disable_room(f, LOCAL, "cora"), ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(grant_by(f, LOCAL, "olga", "local:olga",
                            PERCH__ADMINISTRATOR_ROLE__ADMINISTRATOR),
                   ADMINISTRATOR_ROLE_MISSING);
    assert_no_trace(f);
}

/* Users manage their rooms whoever administers. */
static void test_administrator_check__users_need_no_role(void **state)
{
    struct chat_fixture *f = *state;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    assert_outcome(GRANT(f, "local:olga", OPERATOR), DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    CODEC_SET(&change, room, fixture_guid_bytes(&f->desk));
    CODEC_SET(&change, description, fixture_text("new"));
    command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
    command.room_change = &change;
    CODEC_SET(&command, user, fixture_text(ALICE));
    CODEC_SET(&command, session, 1);
    assert_outcome(fixture_apply(f, 1, &command), DONE);
}

/* Names are local: or certificate: and visible; roles are those there are. */
static void test_administrator_grant__refusals(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(GRANT(f, "bob", VIEWER), ADMINISTRATOR_NAME_INVALID);
    assert_outcome(GRANT(f, "local:", VIEWER), ADMINISTRATOR_NAME_INVALID);
    assert_outcome(GRANT(f, "local:b ob", VIEWER), ADMINISTRATOR_NAME_INVALID);
    assert_outcome(
        grant_by(f, LOCAL, "root", "local:bob", (Perch__AdministratorRole)9),
        ADMINISTRATOR_ROLE_INVALID);
    assert_int_equal(listed(f), 0);
}

/* What is so already is done again without a trace; a role adds to others. */
static void test_administrator_grant__adds(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(GRANT(f, "local:bob", VIEWER), DONE);
    assert_outcome(GRANT(f, "local:bob", VIEWER), DONE);
    assert_no_trace(f);
    assert_outcome(GRANT(f, "local:bob", OPERATOR), DONE);
    assert_int_equal(f->applied.value,
                     1u << PERCH__ADMINISTRATOR_ROLE__VIEWER |
                         1u << PERCH__ADMINISTRATOR_ROLE__OPERATOR);
    assert_outcome(revoke(f, "local:bob", PERCH__ADMINISTRATOR_ROLE__VIEWER),
                   DONE);
    assert_int_equal(f->applied.value,
                     1u << PERCH__ADMINISTRATOR_ROLE__OPERATOR);
    assert_outcome(revoke(f, "local:bob", 0), DONE);
    assert_outcome(revoke(f, "local:bob", 0), ADMINISTRATOR_UNKNOWN);
}

/* One who may do everything is always left, whoever asks. */
static void test_administrator_revoke__never_the_last(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(GRANT(f, "local:bob", VIEWER), DONE);
    assert_outcome(revoke(f, "local:root", 0), DONE);
    assert_outcome(revoke(f, "certificate:boot", 0), ADMINISTRATOR_LAST);
    assert_outcome(
        revoke(f, "certificate:boot", PERCH__ADMINISTRATOR_ROLE__ADMINISTRATOR),
        ADMINISTRATOR_LAST);
    assert_no_trace(f);
    assert_outcome(revoke(f, "local:bob", 0), DONE);
    assert_outcome(GRANT(f, "local:bob", ADMINISTRATOR), DONE);
    assert_outcome(revoke(f, "certificate:boot", 0), DONE);
    assert_outcome(revoke_by(f, LOCAL, "bob", "local:bob", 0),
                   ADMINISTRATOR_LAST);
}

/* The list holds as many as it may, and slots are given again. */
static void test_administrator_grant__limit(void **state)
{
    struct chat_fixture *f = *state;
    char name[32];

    for (int i = 0; i < ADMINISTRATORS_MAX - 2; i++) {
        snprintf(name, sizeof(name), "local:%d", i);
        assert_outcome(GRANT(f, name, VIEWER), DONE);
    }
    assert_outcome(GRANT(f, "local:more", VIEWER), ADMINISTRATORS_FULL);
    assert_outcome(GRANT(f, "local:7", OPERATOR), DONE);
    assert_outcome(revoke(f, "local:9", 0), DONE);
    assert_outcome(GRANT(f, "local:more", VIEWER), DONE);
    assert_int_equal(fixture_event(f, EVENT_ADMINISTRATOR_CHANGED)->position,
                     11); /* Behind root and boot. */
}

/* A restart knows who may administer. */
static void test_machine_load__administrators(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    enum error error;

    assert_outcome(GRANT(f, "local:olga", OPERATOR), DONE);
    assert_outcome(revoke(f, "local:root", 0), DONE);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_int_equal(listed(f), 2);
    assert_outcome(create_user(f, LOCAL, "root", "sip:y@example.com"),
                   ADMINISTRATOR_ROLE_MISSING);
    assert_outcome(create_user(f, LOCAL, "olga", "sip:y@example.com"), DONE);
    row_store_free(store);
}

/* A reason is a line of text of some length. */
static void test_reason__is_a_line(void **state)
{
    struct chat_fixture *f = *state;
    char text[REASON_CHARACTERS_MAX + 1];

    memset(text, 'r', sizeof(text));
    assert_outcome(explain(f, SLICE_LITERAL("ticket 4711: left the desk")),
                   DONE);
    assert_outcome(explain(f, slice_of(text, REASON_CHARACTERS_MAX)), DONE);
    assert_outcome(explain(f, slice_of(text, sizeof(text))), REASON_TOO_LONG);
    assert_outcome(explain(f, SLICE_LITERAL("two\nlines")), REASON_CHARACTER);
    assert_outcome(explain(f, SLICE_LITERAL("\xff")), REASON_CHARACTER);
    assert_no_trace(f);
}

int main(void)
{
#define CASE(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_administrator_grant__waits_for_the_rules, fixture_setup,
            fixture_teardown),
        CASE(test_administrator_grant__the_first_closes_the_list),
        CASE(test_administrator_check__names_are_of_their_kind),
        CASE(test_administrator_check__roles),
        CASE(test_administrator_check__users_need_no_role),
        CASE(test_administrator_grant__refusals),
        CASE(test_administrator_grant__adds),
        CASE(test_administrator_revoke__never_the_last),
        CASE(test_administrator_grant__limit),
        CASE(test_machine_load__administrators),
        CASE(test_reason__is_a_line),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

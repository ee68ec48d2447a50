#include "tests/unit/test.h"

#include "node/chat/setting.h"
#include "tests/unit/chat_fixture.h"

static enum outcome put(struct chat_fixture *f, Perch__PoolPut *put)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = put;
    return fixture_administer(f, &command);
}

static struct pool_view view(const struct chat_fixture *f)
{
    struct pool_view view;

    query_pool(f->machine, &view);
    return view;
}

static enum outcome user_create(struct chat_fixture *f,
                                Perch__UserCreate *create)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = create;
    return fixture_administer(f, &command);
}

static enum outcome user_change(struct chat_fixture *f,
                                Perch__UserChange *change)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = change;
    return fixture_administer(f, &command);
}

static struct user_view user(const struct chat_fixture *f, const char *uri)
{
    const struct user *user = query_user(f->machine, slice_of_text(uri));
    struct user_view view;

    assert_non_null(user);
    view_user(user, &view);
    return view;
}

/* The first domain makes the pool's address, in Persistent Chat's form. */
static void test_pool_put__domain_makes_the_address(void **state)
{
    struct chat_fixture *f = *state;

    assert_slice_text(view(f).domain, "example.com");
    assert_slice_text(view(f).pool_uri,
                      "sip:GC-1-PersistentChatService-1@example.com");
}

/* The domain is in every room's address: it can be given again but not
 * changed, once there is a room or category. */
static void test_pool_put__domain_is_fixed(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;

    CODEC_SET(&p, domain, fixture_text("other.example"));
    assert_outcome(put(f, &p), DOMAIN_FIXED);
    CODEC_SET(&p, domain, fixture_text("not a domain"));
    assert_outcome(put(f, &p), DOMAIN_INVALID);
    assert_no_trace(f);
    CODEC_SET(&p, domain, fixture_text("EXAMPLE.com"));
    assert_outcome(put(f, &p), DONE);
    assert_slice_text(view(f).domain, "example.com");
}

/* It is in what is kept of passwords, too. Before there is a user it may still
 * change, and it may be named for the first time at any time. */
static void test_pool_put__domain_is_fixed_by_users(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;

    machine_free(f->machine);
    f->machine = machine_new(COMMAND_RULES_KNOWN);
    assert_outcome(fixture_start(f, 1), DONE);
    fixture_raise(f);
    CODEC_SET(&p, domain, fixture_text("typing.eror"));
    assert_outcome(put(f, &p), DONE);
    CODEC_SET(&p, domain, fixture_text("example.com"));
    assert_outcome(put(f, &p), DONE);
    assert_outcome(fixture_user(f, ALICE), DONE);
    CODEC_SET(&p, domain, fixture_text("other.example"));
    assert_outcome(put(f, &p), DOMAIN_FIXED);
    assert_slice_text(view(f).domain, "example.com");
}

/* Programs of rules version 1 let it change until there is a place: so it does
 * until the rules are raised, and from then on it stays. */
static void test_pool_put__domain_was_not_fixed_by_users(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;

    machine_free(f->machine);
    f->machine = machine_new(COMMAND_RULES_KNOWN);
    assert_outcome(fixture_start(f, 1), DONE);
    CODEC_SET(&p, domain, fixture_text("typing.eror"));
    assert_outcome(put(f, &p), DONE);
    assert_outcome(fixture_user(f, ALICE), DONE);
    CODEC_SET(&p, domain, fixture_text("example.com"));
    assert_outcome(put(f, &p), DONE);
    assert_slice_text(view(f).domain, "example.com");
    fixture_raise(f);
    CODEC_SET(&p, domain, fixture_text("other.example"));
    assert_outcome(put(f, &p), DOMAIN_FIXED);
    assert_slice_text(view(f).domain, "example.com");
}

/* The address may be another SIP URI, and nothing else. */
static void test_pool_put__checks_the_address(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;

    CODEC_SET(&p, pool_uri, fixture_text("https://example.com"));
    assert_outcome(put(f, &p), POOL_URI_INVALID);
    assert_no_trace(f);
    CODEC_SET(&p, pool_uri, fixture_text("sip:chat@example.com"));
    assert_outcome(put(f, &p), DONE);
    assert_slice_text(view(f).pool_uri, "sip:chat@example.com");
}

/* A setting lies in its range, and one bad setting refuses all. */
static void test_pool_put__checks_settings(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;
    Perch__PoolPut__Setting good = PERCH__POOL_PUT__SETTING__INIT;
    Perch__PoolPut__Setting bad = PERCH__POOL_PUT__SETTING__INIT;
    Perch__PoolPut__Setting *list[] = {&good, &bad};

    p.settings = list;
    p.n_settings = 2;
    CODEC_SET(&good, number, SETTING_HISTORY_DEFAULT);
    CODEC_SET(&good, value, 25);
    CODEC_SET(&bad, number, SETTING_HISTORY_DEFAULT);
    CODEC_SET(&bad, value, 501);
    assert_outcome(put(f, &p), SETTING_OUT_OF_RANGE);
    assert_int_equal(f->applied.value, 1);
    CODEC_SET(&bad, number, SETTINGS);
    assert_outcome(put(f, &p), SETTING_UNKNOWN);
    assert_no_trace(f);
    assert_int_equal(machine_setting(f->machine, SETTING_HISTORY_DEFAULT), 30);
    CODEC_SET(&bad, number, SETTING_REJOIN_POLICY);
    CODEC_SET(&bad, value, 1);
    assert_outcome(put(f, &p), DONE);
    assert_int_equal(machine_setting(f->machine, SETTING_HISTORY_DEFAULT), 25);
    assert_int_equal(machine_setting(f->machine, SETTING_REJOIN_POLICY), 1);
}

/* Without a domain there are no addresses, and so no rooms or categories. */
static void test_pool_put__comes_before_rooms(void **state)
{
    struct chat_fixture *f = *state;
    struct guid guid = fixture_guid(1);

    machine_free(f->machine);
    f->machine = machine_new(COMMAND_RULES_KNOWN);
    assert_outcome(fixture_start(f, 1), DONE);
    assert_outcome(
        fixture_room(f, &guid, "room", PERCH__VISIBILITY__OPEN, NULL),
        POOL_NOT_SET);
    assert_no_trace(f);
}

/* Every default lies in its range, and each setting is found by its name. */
static void test_setting_fact__covers_the_list(void **state)
{
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        const struct setting_fact *fact = setting_fact((enum setting)i);
        enum setting found = SETTINGS;

        assert_true(setting_allows((enum setting)i, fact->standard));
        assert_true(setting_allows((enum setting)i, fact->least));
        assert_true(setting_allows((enum setting)i, fact->most));
        assert_false(setting_allows((enum setting)i, fact->most + 1));
        assert_true(setting_find(slice_of_text(fact->name), &found));
        assert_int_equal(found, i);
    }
    assert_int_equal(setting_fact(SETTING_MESSAGE_CHARACTERS_MAX)->standard,
                     8000);
    assert_int_equal(setting_fact(SETTING_PARTICIPANTS_LISTED_MAX)->standard,
                     75);
}

/* These numbers lie in logs and rows. */
static void test_setting__numbers_are_for_ever(void **state)
{
    (void)state;
    assert_int_equal(SETTING_MESSAGE_CHARACTERS_MAX, 0);
    assert_int_equal(SETTING_RETRY_WINDOW_S, 3);
    assert_int_equal(SETTING_REJOIN_POLICY, 6);
    assert_int_equal(SETTING_SESSIONS_MAX, 10);
    assert_int_equal(SETTING_ROOM_ROLES_MAX, 14);
}

/* A user is named in lower case, once, and has what was given. */
static void test_user_create__is_what_was_asked(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserCreate create = PERCH__USER_CREATE__INIT;

    CODEC_SET(&create, uri, fixture_text("sip:Dave@Example.COM"));
    CODEC_SET(&create, display_name, fixture_text("Dave \xc3\x84"));
    CODEC_SET_BYTES(&create, ha1, SLICE_LITERAL("0123456789abcde\xff"));
    assert_outcome(user_create(f, &create), DONE);
    assert_slice_text(user(f, "sip:dave@example.com").uri,
                      "sip:dave@example.com");
    assert_slice_text(user(f, "SIP:DAVE@example.com").display_name,
                      "Dave \xc3\x84");
    assert_string_equal(user(f, "sip:dave@example.com").ha1,
                        "303132333435363738396162636465ff");
    assert_int_equal(fixture_event(f, EVENT_USER_CREATED)->user,
                     f->applied.value);
    assert_outcome(user_create(f, &create), USER_EXISTS);
    assert_no_trace(f);
}

/* Every refusal names its rule. */
static void test_user_create__refusals(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserCreate create = PERCH__USER_CREATE__INIT;
    char name[NAME_CHARACTERS_MAX + 2] = "";

    assert_outcome(user_create(f, &create), USER_URI_INVALID);
    CODEC_SET(&create, uri, fixture_text("dave@example.com"));
    assert_outcome(user_create(f, &create), USER_URI_INVALID);
    CODEC_SET(&create, uri, fixture_text("sip:dave@example.com"));
    CODEC_SET(&create, ha1, fixture_text("0123456789abcdef0"));
    assert_outcome(user_create(f, &create), HA1_INVALID);
    memset(name, 'x', NAME_CHARACTERS_MAX + 1);
    CODEC_SET(&create, display_name, fixture_text(name));
    assert_outcome(user_create(f, &create), NAME_TOO_LONG);
    CODEC_SET(&create, display_name, fixture_text("a\x02"));
    assert_outcome(user_create(f, &create), NAME_CHARACTER);
    assert_no_trace(f);
    assert_outcome(fixture_set(f, SETTING_USERS_MAX, 3), DONE);
    assert_outcome(fixture_user(f, "sip:dave@example.com"), USERS_FULL);
}

/* What is not in a change stays; an empty password hash takes it away. */
static void test_user_change__changes_what_it_names(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;

    CODEC_SET(&change, uri, fixture_text(ALICE));
    CODEC_SET_BYTES(&change, ha1, SLICE_LITERAL("0123456789abcdef"));
    assert_outcome(user_change(f, &change), DONE);
    assert_int_equal(f->applied.value, 2);
    assert_true(user(f, ALICE).has_password);
    assert_int_equal(fixture_event(f, EVENT_USER_CHANGED)->changed,
                     CHANGED_PASSWORD);
    assert_outcome(user_change(f, &change), DONE);
    assert_no_trace(f);

    change.has_ha1 = true;
    change.ha1 = codec_bytes(SLICE_NONE);
    CODEC_SET(&change, if_version, 1);
    assert_outcome(user_change(f, &change), VERSION_STALE);
    CODEC_SET(&change, if_version, 2);
    assert_outcome(user_change(f, &change), DONE);
    assert_false(user(f, ALICE).has_password);
    assert_string_equal(user(f, ALICE).ha1, "");
    CODEC_SET(&change, uri, fixture_text("sip:nobody@example.com"));
    assert_outcome(user_change(f, &change), USER_UNKNOWN);
}

/* The hash of the bare name comes and goes with the other one. */
static void test_user_change__takes_both_hashes_as_one(void **state)
{
    struct chat_fixture *f = *state;
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;

    CODEC_SET(&change, uri, fixture_text(ALICE));
    CODEC_SET_BYTES(&change, ha1_user, SLICE_LITERAL("fedcba9876543210"));
    assert_outcome(user_change(f, &change), HA1_INVALID);
    CODEC_SET_BYTES(&change, ha1, SLICE_LITERAL("0123456789abcdef"));
    assert_outcome(user_change(f, &change), DONE);
    assert_string_equal(user(f, ALICE).ha1_user,
                        "66656463626139383736353433323130");
    assert_outcome(user_change(f, &change), DONE);
    assert_no_trace(f);
    CODEC_SET_BYTES(&change, ha1_user, SLICE_LITERAL("fedcba987654321"));
    assert_outcome(user_change(f, &change), HA1_INVALID);
    change.has_ha1_user = false;
    change.ha1_user = codec_bytes(SLICE_NONE);
    assert_outcome(user_change(f, &change), DONE);
    assert_true(user(f, ALICE).has_password);
    assert_string_equal(user(f, ALICE).ha1_user, "");
}

/* An administrator's name must be text of some length. */
static void test_machine_apply__checks_the_actor(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut p = PERCH__POOL_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    char name[ACTOR_BYTES_MAX + 2] = "";

    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &p;
    CODEC_SET(&command, administrator, fixture_text("a\xff"));
    assert_outcome(fixture_apply(f, 1, &command), ACTOR_INVALID);
    memset(name, 'x', ACTOR_BYTES_MAX + 1);
    CODEC_SET(&command, administrator, fixture_text(name));
    assert_outcome(fixture_apply(f, 1, &command), ACTOR_INVALID);
    CODEC_SET(&command, administrator, fixture_text("root"));
    CODEC_SET(&command, source, fixture_text(name));
    assert_outcome(fixture_apply(f, 1, &command), ACTOR_INVALID);
    assert_no_trace(f);
}

/* Every outcome has a name, a code that XCCOS knows, a token and a sentence;
 * DONE and REPEATED alone are success. */
static void test_outcome__covers_the_list(void **state)
{
    (void)state;
    for (int i = 0; i < OUTCOMES; i++) {
        enum outcome outcome = (enum outcome)i;

        assert_in_range(outcome_code(outcome), 200, 503);
        assert_true(strlen(outcome_text(outcome)) > 3);
        assert_true(outcome_is_success(outcome) ==
                    (outcome_code(outcome) == 200));
        assert_true(outcome_is_success(outcome) ==
                    (strncmp(outcome_token(outcome), "ERROR_", 6) != 0));
    }
    assert_string_equal(outcome_name(OUTCOMES), "UNKNOWN");
    assert_int_equal(outcome_code(OUTCOMES), 500);
}

/* These numbers lie in rows, and clients and scripts know the codes. */
static void test_outcome__numbers_are_for_ever(void **state)
{
    (void)state;
    assert_int_equal(OUTCOME_DONE, 0);
    assert_int_equal(OUTCOME_REPEATED, 1);
    assert_int_equal(OUTCOME_COMMAND_UNKNOWN, 7);
    assert_int_equal(OUTCOME_ROOM_UNKNOWN, 39);
    assert_int_equal(OUTCOME_NODE_RAFT_ID_STALE, 68);
    assert_int_equal(OUTCOME_GROUP_URI_INVALID, 69);
    assert_int_equal(outcome_code(OUTCOME_ROOM_UNKNOWN), 404);
    assert_int_equal(outcome_code(OUTCOME_ROOM_DISABLED), 423);
    assert_int_equal(outcome_code(OUTCOME_NOT_A_MEMBER), 403);
    assert_int_equal(outcome_code(OUTCOME_NOT_JOINED), 412);
    assert_int_equal(outcome_code(OUTCOME_TEXT_TOO_LONG), 413);
    assert_int_equal(outcome_code(OUTCOME_NAME_TAKEN), 409);
}

/* The page of room management is an address that browsers open, or none; from
 * the rules that know it on. */
static void test_pool_put__web_url(void **state)
{
    struct chat_fixture *f = *state;
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct pool_view view;

    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    CODEC_SET(&put, web_url, fixture_text("https://pool.example.com/rooms"));
    assert_outcome(fixture_administer(f, &command), COMMAND_UNKNOWN);
    fixture_raise(f);
    command.has_needs_rules = false;
    assert_outcome(fixture_administer(f, &command), DONE);
    query_pool(f->machine, &view);
    assert_slice_text(view.web_url, "https://pool.example.com/rooms");
    CODEC_SET(&put, web_url, fixture_text("pool.example.com"));
    assert_outcome(fixture_administer(f, &command), WEB_URL_INVALID);
    assert_no_trace(f);
    CODEC_SET(&put, web_url, fixture_text(""));
    assert_outcome(fixture_administer(f, &command), DONE);
    query_pool(f->machine, &view);
    assert_int_equal(view.web_url.len, 0);
}

int main(void)
{
#define IN(name) RUN_IN(test_##name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IN(pool_put__domain_makes_the_address),
        IN(pool_put__domain_is_fixed),
        IN(pool_put__domain_is_fixed_by_users),
        IN(pool_put__domain_was_not_fixed_by_users),
        IN(pool_put__checks_the_address),
        IN(pool_put__checks_settings),
        IN(pool_put__comes_before_rooms),
        RUN(test_setting_fact__covers_the_list),
        RUN(test_setting__numbers_are_for_ever),
        IN(user_create__is_what_was_asked),
        IN(user_create__refusals),
        IN(user_change__changes_what_it_names),
        IN(user_change__takes_both_hashes_as_one),
        IN(machine_apply__checks_the_actor),
        RUN(test_outcome__covers_the_list),
        RUN(test_outcome__numbers_are_for_ever),
        RUN_IN(test_pool_put__web_url, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

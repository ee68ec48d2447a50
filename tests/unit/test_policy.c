#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/chat_fixture.h"
#include "tests/unit/row_store.h"

#define LONDON "site:london"
#define BANNED "group:banned"

/* The pool at the rules of people; bob is in London, and nobody is banned. */
static int setup(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_group(f, LONDON), DONE);
    assert_outcome(fixture_group(f, BANNED), DONE);
    assert_outcome(fixture_member(f, LONDON, BOB, true), DONE);
    return 0;
}

static enum outcome say_of_user(struct chat_fixture *f, const char *uri,
                                int chat)
{
    Perch__UserChange change = PERCH__USER_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, fixture_text(uri));
    CODEC_SET(&change, chat, (Perch__ChatPolicy)chat);
    command.kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command.user_change = &change;
    return fixture_administer(f, &command);
}

static enum outcome say_of_group(struct chat_fixture *f, const char *uri,
                                 int chat)
{
    Perch__GroupChange change = PERCH__GROUP_CHANGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&change, uri, fixture_text(uri));
    CODEC_SET(&change, chat, (Perch__ChatPolicy)chat);
    command.kind_case = PERCH__COMMAND__KIND_GROUP_CHANGE;
    command.group_change = &change;
    return fixture_administer(f, &command);
}

static bool chats(const struct chat_fixture *f, const char *uri)
{
    return query_chat_enabled(f->machine,
                              query_user(f->machine, slice_of_text(uri)));
}

/* Bob and carol are signed in and sit in the lobby. */
static void sit(struct chat_fixture *f)
{
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
    assert_outcome(fixture_join(f, 1, BOB, 1, &f->lobby), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 2), DONE);
    assert_outcome(fixture_join(f, 1, CAROL, 2, &f->lobby), DONE);
}

/* The pool's word counts where no other was said, the site's before it, the
 * user's before that. */
static void test_policy_allows__the_most_specific_word(void **state)
{
    struct chat_fixture *f = *state;

    assert_true(chats(f, BOB));
    assert_outcome(fixture_set(f, SETTING_CHAT_ENABLED, 0), DONE);
    assert_false(chats(f, BOB));
    assert_outcome(fixture_open(f, 1, BOB, 1), CHAT_NOT_ENABLED);
    assert_no_trace(f);
    assert_outcome(say_of_group(f, LONDON, PERCH__CHAT_POLICY__ENABLED), DONE);
    assert_int_equal(fixture_event(f, EVENT_GROUP_CHANGED)->changed,
                     CHANGED_POLICY);
    assert_true(chats(f, BOB));
    assert_false(chats(f, CAROL));
    assert_outcome(say_of_user(f, BOB, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_int_equal(fixture_event(f, EVENT_USER_CHANGED)->changed,
                     CHANGED_POLICY);
    assert_false(chats(f, BOB));
    assert_outcome(say_of_user(f, BOB, PERCH__CHAT_POLICY__UNSET), DONE);
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
}

/* Of two groups, the one that disables is the stronger, however they nest. */
static void test_policy_allows__disabled_beats_enabled(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say_of_group(f, LONDON, PERCH__CHAT_POLICY__ENABLED), DONE);
    assert_outcome(say_of_group(f, BANNED, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_outcome(fixture_member(f, BANNED, LONDON, true), DONE);
    assert_false(chats(f, BOB));
    assert_true(chats(f, ALICE));
    assert_outcome(say_of_group(f, LONDON, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_outcome(say_of_group(f, BANNED, PERCH__CHAT_POLICY__ENABLED), DONE);
    assert_false(chats(f, BOB)); /* And whichever was there first. */
}

/* Whoever is not enabled any more is signed out with the entry that says so,
 * by name, by group and by the pool; nobody else is. */
static void test_policy__takes_sessions_away(void **state)
{
    struct chat_fixture *f = *state;

    sit(f);
    assert_outcome(say_of_user(f, CAROL, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 1);
    assert_int_equal(fixture_event(f, EVENT_SESSION_CLOSED)->leave,
                     LEAVE_NOT_ENABLED);
    assert_int_equal(fixture_event(f, EVENT_PARTED)->leave, LEAVE_NOT_ENABLED);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(say_of_group(f, LONDON, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 1);
    assert_int_equal(fixture_event(f, EVENT_SESSION_CLOSED)->leave,
                     LEAVE_NOT_ENABLED);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 0);
    assert_outcome(fixture_open(f, 1, BOB, 3), CHAT_NOT_ENABLED);
}

/* Coming into a group that is not enabled signs out, too. */
static void test_group_change__into_a_disabled_group(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say_of_group(f, BANNED, PERCH__CHAT_POLICY__DISABLED), DONE);
    sit(f);
    assert_outcome(fixture_member(f, BANNED, CAROL, true), DONE);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 1);
    assert_outcome(fixture_member(f, BANNED, CAROL, false), DONE);
    assert_outcome(fixture_open(f, 1, CAROL, 4), DONE);
}

/* The pool's own word signs out those for whom nobody else has said one. */
static void test_pool_put__disables_the_rest(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say_of_user(f, BOB, PERCH__CHAT_POLICY__ENABLED), DONE);
    sit(f);
    assert_outcome(fixture_set(f, SETTING_CHAT_ENABLED, 0), DONE);
    assert_int_equal(fixture_count(f, EVENT_SESSION_CLOSED), 1);
    assert_int_equal(fixture_event(f, EVENT_SESSION_CLOSED)->leave,
                     LEAVE_NOT_ENABLED);
    assert_int_equal(fixture_view(f, &f->lobby).users_present, 1);
    assert_outcome(fixture_post(f, 1, BOB, 1, &f->lobby, "hi", NULL), DONE);
}

/* There are three words. */
static void test_policy__is_one_of_three(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say_of_user(f, BOB, 3), CHAT_POLICY_INVALID);
    assert_outcome(say_of_group(f, LONDON, -1), CHAT_POLICY_INVALID);
    assert_no_trace(f);
}

/* Until the rules are raised there is no policy. */
static void test_policy__waits_for_the_rules(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(say_of_user(f, BOB, PERCH__CHAT_POLICY__DISABLED),
                   COMMAND_UNKNOWN);
    assert_outcome(fixture_set(f, SETTING_CHAT_ENABLED, 0), SETTING_UNKNOWN);
    assert_outcome(fixture_open(f, 1, BOB, 1), DONE);
}

/* Policies are there again when the machine is made from its rows. */
static void test_machine_load__policies(void **state)
{
    struct chat_fixture *f = *state;
    struct row_store *store = row_store_new();
    enum error error;

    assert_outcome(say_of_group(f, LONDON, PERCH__CHAT_POLICY__DISABLED), DONE);
    assert_outcome(say_of_user(f, CAROL, PERCH__CHAT_POLICY__DISABLED), DONE);
    machine_write_all(f->machine, row_store_take, store);
    machine_free(f->machine);
    f->machine = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_non_null(f->machine);
    assert_false(chats(f, BOB));
    assert_false(chats(f, CAROL));
    assert_true(chats(f, ALICE));
    row_store_free(store);
}

int main(void)
{
#define CASE(test) RUN_IN(test, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_policy_allows__the_most_specific_word),
        CASE(test_policy_allows__disabled_beats_enabled),
        CASE(test_policy__takes_sessions_away),
        CASE(test_group_change__into_a_disabled_group),
        CASE(test_pool_put__disables_the_rest),
        CASE(test_policy__is_one_of_three),
        RUN_IN(test_policy__waits_for_the_rules, fixture_setup,
               fixture_teardown),
        CASE(test_machine_load__policies),
    };
#undef CASE

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who may administer, what is deleted, why, and what a new pool begins with: by
 * perchctl, over a real socket, by the real rules. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/journal.h"
#include "proto/command.h"
#include "tests/admin/replies.h"
#include "tests/unit/test.h"

#define RULES "4" /* COMMAND_RULES_KNOWN */

static int raise_rules(void **state)
{
    return scene_run(*state, "pool rules " RULES, NULL);
}

static int setup(void **state)
{
    return scene_setup(state) != 0 || raise_rules(state) != 0 ? -1 : 0;
}

static int setup_tls(void **state)
{
    return scene_setup_tls(state) != 0 || raise_rules(state) != 0 ? -1 : 0;
}

static void run(struct scene *scene, const char *words, int code)
{
    assert_int_equal(scene_run(scene, words, NULL), code);
}

/* As the administrator of a certificate. */
static void run_as_alice(struct scene *scene, const char *words, int code)
{
    char all[4096];
    const char *folder = scene_certificates();

    snprintf(all, sizeof(all),
             "--tls 127.0.0.1:%u --authority %s/ca.pem --certificate "
             "%s/admin-alice.pem --key %s/admin-alice.key %s",
             (unsigned)server_port(admin_server(scene->admin)), folder, folder,
             folder, words);
    run(scene, all, code);
}

/* A deletion shows what it was; asked for again it is done already. */
static void test_rooms_delete__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "--dry-run rooms delete lobby", 0);
    HAS(scene->out, "room \"lobby\" would be deleted");
    run(scene, "rooms delete lobby --if-version 99", 1);
    HAS(scene->err, "[VERSION_STALE]");
    run(scene, "categories delete Trade", 1);
    HAS(scene->err, "[CATEGORY_NOT_EMPTY]");
    HAS(scene->err, "category \"Trade\"");
    reply = run_json(scene, "rooms delete lobby", 0);
    assert_text(reply, "room.name", "lobby");
    assert_truth(reply, "already", false);
    json_decref(reply);
    run(scene, "rooms show lobby", 1);
    reply = run_json(scene, "rooms delete lobby", 0);
    assert_truth(reply, "already", true);
    assert_text(reply, "text",
                "there is no room \"lobby\"; nothing was changed");
    json_decref(reply);
    run(scene, "rooms create lobby --category Trade", 0);
    run(scene, "rooms delete lobby", 0);
    run(scene, "rooms delete desk", 0);
    run(scene, "categories delete Trade", 0);
    reply = run_json(scene, "categories delete Trade", 0);
    assert_truth(reply, "already", true);
    json_decref(reply);
}

static void test_users_delete__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "users delete alice", 0);

    assert_text(reply, "user.uri", "sip:alice@example.com");
    assert_number(reply, "user.sessions", 1);
    json_decref(reply);
    run(scene, "sessions list --user alice", 1);
    HAS(scene->err, "[USER_UNKNOWN]");
    reply = run_json(scene, "sessions list", 0);
    assert_int_equal(json_array_size(at(reply, "sessions")), 0);
    json_decref(reply);
    run(scene, "users delete alice", 0);
    HAS(scene->out, "there is no user \"alice\"");
    run(scene, "groups create group:traders --member bob", 0);
    run(scene, "groups delete group:traders", 0);
    run(scene, "groups delete group:traders", 0);
    HAS(scene->out, "there is no group \"group:traders\"");
    run(scene, "groups show group:traders", 1);
}

/* Below the rules that know it nothing is deleted, and the way out is told. */
static void test_rooms_delete__waits_for_the_rules(void **state)
{
    struct scene *scene = *state;

    run(scene, "rooms delete lobby", 1);
    HAS(scene->err, "[COMMAND_UNKNOWN]");
    HAS(scene->err, "perchctl pool rules");
    run(scene, "administrators grant local:olga --role viewer", 1);
    HAS(scene->err, "[COMMAND_UNKNOWN]");
}

/* Roles are given and taken, and shown; what is so already is not done twice.
 */
static void test_administrators__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "administrators list", 0);

    assert_int_equal(json_array_size(at(reply, "administrators")), 0);
    json_decref(reply);
    reply = run_json(
        scene, "administrators grant certificate:olga --role operator", 0);
    assert_text(reply, "administrator.name", "certificate:olga");
    assert_text(reply, "administrator.roles.0", "operator");
    json_decref(reply);
    reply = run_json(
        scene, "administrators grant certificate:olga --role operator", 0);
    assert_truth(reply, "already", true);
    json_decref(reply);
    run(scene, "administrators list", 0);
    HAS(scene->out, "local:root");
    HAS(scene->out, "certificate:olga  operator");
    run(scene, "administrators revoke certificate:olga --role viewer", 0);
    HAS(scene->out, "already");
    run(scene, "administrators revoke certificate:olga", 0);
    run(scene, "administrators revoke certificate:olga", 0);
    HAS(scene->out, "already");
    run(scene, "administrators grant olga --role viewer", 1);
    HAS(scene->err, "[ADMINISTRATOR_NAME_INVALID]");
    run(scene, "administrators revoke local:root", 1);
    HAS(scene->err, "[ADMINISTRATOR_LAST]");
    HAS(scene->err, "make another one administrator first");
}

/* Whoever has no role is refused looks and changes alike, on every way in; the
 * refusal names who, which roles and the rule. */
static void test_roles__decide_who_may(void **state)
{
    struct scene *scene = *state;

    run_as_alice(scene, "users create dave", 0); /* The list is open. */
    run_as_alice(scene, "administrators grant certificate:bob --role viewer",
                 0);
    run(scene, "rooms list", 0); /* Local root is written down with it. */
    run(scene, "administrators revoke local:root", 0);
    run(scene, "rooms list", 1);
    HAS(scene->err, "[ADMINISTRATOR_ROLE_MISSING]");
    HAS(scene->err, "local:root has no role");
    run(scene, "users create erin", 1);
    run(scene, "ping", 0);
    run_as_alice(scene, "administrators grant local:root --role operator", 0);
    run(scene, "users create erin", 0);
    run(scene, "rooms delete desk", 1);
    HAS(scene->err, "local:root has operator; it is for room_administrator or "
                    "administrator");
    run(scene, "--dry-run rooms delete desk", 1);
    run(scene, "administrators grant local:root --role administrator", 1);
    run_as_alice(scene, "administrators revoke local:root", 0);
    run_as_alice(scene, "administrators grant local:root --role viewer", 0);
    run(scene, "rooms show desk", 0);
    run(scene, "nodes transfer", 1);
    HAS(scene->err, "local:root has viewer; it is for operator");
}

/* What others say, and whom a hold lies on, is for compliance officers and
 * administrators: others are refused before anything is looked up, as a dry
 * run or "so already" would tell as much. */
static void test_roles__keep_what_is_said(void **state)
{
    static const char *const roles[] = {"viewer", "room_administrator",
                                        "operator"};
    static const char *const words[] = {
        "messages list desk",
        "messages show desk 1",
        "messages search crane",
        "messages export desk",
        "messages redact desk --match crane --reason r",
        "--dry-run messages redact desk --match crane --reason r",
        "messages withdraw desk 1",
        "--dry-run messages withdraw desk 1",
        "messages search crane --room nowhere",
        "--stale messages search crane",
        "holds list",
        "holds place case --user alice --reason r",
        "holds lift case --user alice --reason r",
    };
    struct scene *scene = *state;
    char grant[128];

    run_as_alice(scene,
                 "administrators grant certificate:alice --role "
                 "administrator",
                 0);
    run_as_alice(scene, "holds place case --user alice --reason theft", 0);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        run_as_alice(scene, "administrators revoke local:root", 0);
        snprintf(grant, sizeof(grant),
                 "administrators grant local:root --role %s", roles[i]);
        run_as_alice(scene, grant, 0);
        run(scene, "rooms show desk", 0);
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            run(scene, words[j], 1);
            HAS(scene->err, "[ADMINISTRATOR_ROLE_MISSING]");
            HAS(scene->err, "it is for compliance_officer or administrator");
            HAS(scene->err, roles[i]);
            HAS_NOT(scene->err, "theft");
            assert_string_equal(scene->out, "");
        }
    }
    run_as_alice(scene,
                 "administrators grant local:root --role "
                 "compliance_officer",
                 0);
    run(scene, "messages search crane", 0);
    HAS(scene->out, "crane");
    run(scene, "holds list", 0);
    HAS(scene->out, "theft");
}

static struct {
    pthread_mutex_t mutex;
    char lines[16384];
} heard = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void hear(void *context, enum journal_level level, const char *line)
{
    size_t len;

    (void)context;
    (void)level;
    pthread_mutex_lock(&heard.mutex);
    len = strlen(heard.lines);
    snprintf(heard.lines + len, sizeof(heard.lines) - len, "%s\n", line);
    pthread_mutex_unlock(&heard.mutex);
}

static bool was_heard(const char *part)
{
    bool found;

    pthread_mutex_lock(&heard.mutex);
    found = strstr(heard.lines, part) != NULL;
    pthread_mutex_unlock(&heard.mutex);
    return found;
}

/* Before the node's threads, which all read where lines go, and after them. */
static int setup_heard(void **state)
{
    heard.lines[0] = '\0';
    journal_capture(hear, NULL);
    return setup(state);
}

static int teardown_heard(void **state)
{
    int result = scene_teardown(state);

    journal_capture(NULL, NULL);
    return result;
}

/* Why a change was made stands in the journal, within its quotes, and in the
 * command, whose rules judge it. */
static void test_reason__is_kept(void **state)
{
    struct scene *scene = *state;
    char words[700];

    run(scene, "--reason 'ticket 4711: \"left\"' users create dave", 0);
    assert_true(was_heard("what=USERS_CREATE outcome=DONE"));
    assert_true(was_heard("reason=\"ticket 4711: 'left'\""));
    snprintf(words, sizeof(words), "--reason %0257d users create erin", 7);
    run(scene, words, 1);
    HAS(scene->err, "[REASON_TOO_LONG]");
    run(scene, "users show erin", 1);
}

/* Who looks at what others say leaves a line; what was found is not in it. */
static void test_looks__at_what_is_said_are_told(void **state)
{
    struct scene *scene = *state;

    run(scene, "--reason 'case 12' messages search crane", 0);
    run(scene, "rooms list", 0);
    assert_true(was_heard("said_looked_at administrator=\"root\""));
    assert_true(was_heard("what=MESSAGES_SEARCH outcome=DONE"));
    assert_true(was_heard("reason=\"case 12\""));
    assert_false(was_heard("crane"));
    assert_false(was_heard("ROOMS_LIST"));
}

/* The first domain of a pool raises its rules to what all started nodes know;
 * a refused domain raises nothing, nor does trying it out. */
static void test_pool_set__begins_with_the_newest_rules(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "pool set domain 'no domain'", 1);
    run(scene, "--dry-run pool set domain example.org", 0);
    HAS(scene->out, "rules version " RULES " and the setting would be set");
    reply = run_json(scene, "pool rules", 0);
    assert_number(reply, "version", 1);
    json_decref(reply);
    run(scene, "pool set domain example.org", 0);
    HAS(scene->out, "rules version " RULES " and the setting is set");
    reply = run_json(scene, "pool rules", 0);
    assert_number(reply, "version", COMMAND_RULES_KNOWN);
    json_decref(reply);
    run(scene, "groups create group:traders", 0);
}

/* Rules of a pool that has its domain are raised by hand alone: its nodes may
 * be about to be upgraded one by one. */
static void test_pool_set__leaves_the_rules_of_a_pool_in_use(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "pool set domain example.com users_max=1000", 0);
    HAS_NOT(scene->out, "rules version");
    reply = run_json(scene, "pool rules", 0);
    assert_number(reply, "version", 1);
    json_decref(reply);
}

/* With a node that knows less the pool begins with what that one knows. */
static void test_pool_set__minds_nodes_that_know_less(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "pool set domain example.org", 0);
    reply = run_json(scene, "pool rules", 0);
    assert_number(reply, "version", 2);
    json_decref(reply);
}

int main(void)
{
    if (geteuid() != 0) {
        puts("who runs this is not root, and local:root not at hand");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        RUN_IN(test_rooms_delete__whole_life, setup, scene_teardown),
        RUN_IN(test_users_delete__whole_life, setup, scene_teardown),
        RUN_IN(test_rooms_delete__waits_for_the_rules, scene_setup,
               scene_teardown),
        RUN_IN(test_administrators__whole_life, setup, scene_teardown),
        RUN_IN(test_roles__decide_who_may, setup_tls, scene_teardown),
        RUN_IN(test_roles__keep_what_is_said, setup_tls, scene_teardown),
        RUN_IN(test_looks__at_what_is_said_are_told, setup_heard,
               teardown_heard),
        RUN_IN(test_reason__is_kept, setup_heard, teardown_heard),
        RUN_IN(test_pool_set__begins_with_the_newest_rules, scene_setup_empty,
               scene_teardown),
        RUN_IN(test_pool_set__leaves_the_rules_of_a_pool_in_use, scene_setup,
               scene_teardown),
        RUN_IN(test_pool_set__minds_nodes_that_know_less, scene_setup_mixed,
               scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Groups, categories, rooms and policies by perchctl, over a real socket, by
 * the real rules. */
#include <stdlib.h>
#include <string.h>

#include "proto/command.h"
#include "tests/admin/replies.h"
#include "tests/unit/test.h"

#define RULES "4" /* COMMAND_RULES_KNOWN */

static int setup(void **state)
{
    if (scene_setup(state) != 0) {
        return -1;
    }
    return scene_run(*state, "pool rules " RULES, NULL);
}

static void run(struct scene *scene, const char *words, int code)
{
    assert_int_equal(scene_run(scene, words, NULL), code);
}

/* Once more what is so already: nothing is proposed. */
static void run_again(struct scene *scene, const char *words)
{
    size_t proposals = scene->proposals;
    json_t *reply = run_json(scene, words, 0);

    assert_truth(reply, "already", true);
    assert_int_equal(scene->proposals, proposals);
    json_decref(reply);
}

/* Rules go up to what all nodes know, and no further; until then what needs
 * them is refused with a word on what to do. */
static void test_pool_rules__are_shown_and_raised(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "pool rules", 0);

    assert_number(reply, "version", 1);
    assert_number(reply, "known", COMMAND_RULES_KNOWN);
    json_decref(reply);
    run(scene, "groups create group:traders", 1);
    HAS(scene->err, "[COMMAND_UNKNOWN]");
    HAS(scene->err, "perchctl pool rules");
    run(scene, "pool rules 99", 1);
    HAS(scene->err, "[RULES_NODE_BEHIND]");
    run(scene, "--dry-run pool rules " RULES, 0);
    reply = run_json(scene, "pool rules", 0);
    assert_number(reply, "version", 1);
    json_decref(reply);
    run(scene, "pool rules " RULES, 0);
    run_again(scene, "pool rules " RULES);
    run(scene, "pool rules 1", 1);
    HAS(scene->err, "[RULES_NOT_UPWARD]");
}

static void test_groups__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene,
                             "groups create group:Traders --display-name T "
                             "--member alice --chat enabled",
                             0);

    assert_text(reply, "group.uri", "group:traders");
    assert_number(reply, "group.members", 1);
    assert_text(reply, "group.chat", "enabled");
    json_decref(reply);
    run_again(scene, "groups create group:traders --member alice");
    run(scene, "groups create unit:london --member group:traders", 0);
    run(scene,
        "groups change group:traders --add-member bob --remove-member "
        "alice --if-version 1",
        0);
    run_again(scene, "groups change group:traders --add-member bob");
    run(scene, "groups change group:traders --add-member bob --if-version 1",
        1);
    HAS(scene->err, "[VERSION_STALE]");
    run(scene,
        "groups change group:traders --add-member carol --add-member "
        "group:nobody",
        1);
    HAS(scene->err, "[GROUP_UNKNOWN]");
    HAS(scene->err, "group:nobody");
    run(scene, "groups change group:traders", 2);
    run(scene, "groups show group:none", 1);
    HAS(scene->err, "[GROUP_UNKNOWN]");
    reply = run_json(scene, "groups members group:traders", 0);
    assert_int_equal(json_array_size(at(reply, "members")), 1);
    assert_text(reply, "members.0.uri", "sip:bob@example.com");
    json_decref(reply);
    reply = run_json(scene, "groups members unit:london", 0);
    assert_truth(reply, "members.0.is_group", true);
    json_decref(reply);
    reply = run_json(scene, "groups list --match LOND", 0);
    assert_int_equal(json_array_size(at(reply, "groups")), 1);
    assert_text(reply, "groups.0.uri", "unit:london");
    json_decref(reply);
}

/* Lists of groups go on behind a mark. */
static void test_groups_list__comes_in_pages(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "groups create group:a", 0);
    run(scene, "groups create group:b --member alice --member bob", 0);
    reply = run_json(scene, "groups list --limit 1", 0);
    assert_int_equal(json_array_size(at(reply, "groups")), 1);
    assert_text(reply, "groups.0.uri", "group:a");
    assert_text(reply, "next", "group:a");
    json_decref(reply);
    reply = run_json(scene, "groups list --after group:a", 0);
    assert_text(reply, "groups.0.uri", "group:b");
    json_decref(reply);
    reply = run_json(scene, "groups members group:b --limit 1", 0);
    assert_text(reply, "members.0.uri", "sip:alice@example.com");
    json_decref(reply);
    run(scene, "groups members group:b --after x", 2);
    HAS(scene->err, "[MARK_INVALID]");
}

static void test_categories__say_whom_they_are_for(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "groups create group:analysts --member carol", 0);
    reply = run_json(scene,
                     "categories create Research --allow group:analysts "
                     "--deny bob --creator carol --invitations yes "
                     "--history no",
                     0);
    assert_truth(reply, "category.everyone", false);
    assert_truth(reply, "category.invitations", true);
    assert_truth(reply, "category.file_upload", false);
    assert_truth(reply, "category.history", false);
    assert_number(reply, "category.rooms", 0);
    json_decref(reply);
    run_again(scene, "categories create Research --allow group:analysts");
    run(scene, "rooms create Lab --category Research --member alice", 1);
    HAS(scene->err, "[PRINCIPAL_OUT_OF_SCOPE]");
    HAS(scene->err, "sip:alice@example.com");
    run(scene, "rooms create Lab --category Research --member group:analysts",
        0);
    run(scene,
        "categories change Research --allow alice --remove-creator "
        "carol --add-creator alice --file-upload yes",
        0);
    run_again(scene, "categories change Research --allow alice");
    reply = run_json(scene, "categories roles Research --role allowed", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 2);
    assert_text(reply, "users.0.uri", "sip:alice@example.com");
    assert_truth(reply, "users.0.creator", true);
    assert_truth(reply, "users.1.is_group", true);
    json_decref(reply);
    reply = run_json(scene, "categories roles Research --role denied", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    json_decref(reply);
    run(scene, "categories change Research --everyone yes", 0);
    reply = run_json(scene, "categories show Research", 0);
    assert_truth(reply, "category.everyone", true);
    assert_number(reply, "category.rooms", 1);
    json_decref(reply);
}

static void test_rooms__are_auditoriums_and_secret(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene,
        "rooms create Hall --category Trade --visibility secret "
        "--behavior auditorium --presenter bob",
        1);
    HAS(scene->err, "[PRESENTER_NOT_MEMBER]");
    HAS(scene->err, "sip:bob@example.com");
    reply = run_json(scene,
                     "rooms create Hall --category Trade --visibility secret "
                     "--behavior auditorium --member bob --presenter bob "
                     "--invitations no",
                     0);
    assert_text(reply, "room.visibility", "secret");
    assert_text(reply, "room.behavior", "auditorium");
    json_decref(reply);
    run_again(scene, "rooms create Hall --category Trade --visibility secret "
                     "--member bob --presenter bob --invitations no");
    run(scene,
        "rooms change Hall --remove-presenter bob --add-member carol "
        "--add-presenter carol",
        0);
    run_again(scene, "rooms change Hall --add-presenter carol");
    reply = run_json(scene, "rooms roles Hall --role presenter", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    assert_text(reply, "users.0.uri", "sip:carol@example.com");
    assert_truth(reply, "users.0.presenter", true);
    json_decref(reply);
    run(scene, "rooms change Hall --behavior normal", 0);
    run(scene, "rooms change Hall --add-presenter bob", 1);
    HAS(scene->err, "[NOT_AN_AUDITORIUM]");
    reply = run_json(scene, "rooms list --visibility secret", 0);
    assert_int_equal(json_array_size(at(reply, "rooms")), 1);
    json_decref(reply);
}

/* A policy shows as the user's own word and as what comes of all of them. */
static void test_users__have_a_policy(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "groups create site:paris --member bob --chat disabled", 0);
    reply = run_json(scene, "users show bob", 0);
    assert_text(reply, "user.chat", "unset");
    assert_truth(reply, "user.chat_enabled", false);
    json_decref(reply);
    run(scene, "users change bob --chat enabled", 0);
    run_again(scene, "users change bob --chat enabled");
    reply = run_json(scene, "users show bob", 0);
    assert_text(reply, "user.chat", "enabled");
    assert_truth(reply, "user.chat_enabled", true);
    json_decref(reply);
    run(scene, "pool set chat_enabled 0", 0);
    reply = run_json(scene, "users show alice", 0);
    assert_truth(reply, "user.chat_enabled", false);
    assert_number(reply, "user.sessions", 0);
    json_decref(reply);
}

/* A search names rooms and people as all commands do, and takes days for what
 * they are; what it finds says where it was said. */
static void test_messages__are_searched(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene,
                             "messages search crane --room desk --author bob "
                             "--from 2031-02-03 --most 1",
                             0);

    assert_text(reply, "messages.0.room", "desk");
    assert_text(reply, "messages.0.author", "sip:bob@example.com");
    assert_text(reply, "messages.0.text", "crane");
    assert_number(reply, "messages.0.id", 7);
    assert_number(reply, "messages.0.sent_at_us", 1927843200000000);
    assert_truth(reply, "cut", true);
    json_decref(reply);
    reply = run_json(scene, "message search --to 2031-02-03", 0);
    assert_truth(reply, "cut", false);
    json_decref(reply);
    run(scene, "messages search", 2);
    HAS(scene->err, "[SEARCH_EMPTY]");
    run(scene, "messages search x --from noon", 2);
    HAS(scene->err, "[TIME_INVALID]");
    run(scene, "messages search x --room nowhere", 1);
    HAS(scene->err, "[ROOM_UNKNOWN]");
    scene->weather = WEATHER_REFUSES;
    run(scene, "messages search x", 1);
    HAS(scene->err, "[SEARCH_NOT_READY]");
    HAS(scene->err, "it is made anew");
}

/* Who belongs to a directory shows it, is found by it, and can be given to it
 * and taken back. */
static void test_owner__of_users_and_groups(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "users create dora --owner corp", 0);
    run_again(scene, "users create dora --owner corp");
    run(scene, "groups create group:corp --owner corp", 0);
    reply = run_json(scene, "users list --owner corp", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    assert_text(reply, "users.0.uri", "sip:dora@example.com");
    json_decref(reply);
    reply = run_json(scene, "groups list --owner corp", 0);
    assert_int_equal(json_array_size(at(reply, "groups")), 1);
    assert_text(reply, "groups.0.owner", "corp");
    json_decref(reply);
    run(scene, "users change bob --owner corp", 0);
    run_again(scene, "users change bob --owner corp");
    run(scene, "groups change group:corp --owner=", 0);
    run_again(scene, "groups change group:corp --owner=");
    reply = run_json(scene, "users list --owner=", 0);
    assert_false(json_array_size(at(reply, "users")) == 0);
    json_decref(reply);
    run(scene, "users change bob --owner Corp", 1);
    HAS(scene->err, "[OWNER_INVALID]");
}

/* Where adapters stand is shown; what is held goes through by its name alone,
 * and to confirm it twice is no mistake. */
static void test_directory__is_reported_and_confirmed(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "directory confirm abc", 1);
    HAS(scene->err, "[OWNER_RUN_UNKNOWN]");
    run(scene,
        "directory report corp --holder n1 --phase held --run abc --text why "
        "--users 9 --leaving 4 --lease 60",
        0);
    reply = run_json(scene, "directory status", 0);
    assert_text(reply, "directories.0.name", "corp");
    assert_text(reply, "directories.0.phase", "held");
    assert_text(reply, "directories.0.held", "abc");
    assert_text(reply, "directories.0.text", "why");
    assert_number(reply, "directories.0.leaving", 4);
    assert_truth(reply, "directories.0.confirmed", false);
    assert_true(json_is_null(at(reply, "directories.0.done_at_us")));
    json_decref(reply);
    run(scene, "--dry-run directory confirm abc", 0);
    reply = run_json(scene, "directory confirm abc", 0);
    assert_truth(reply, "directory.confirmed", true);
    json_decref(reply);
    run_again(scene, "directory confirm abc");
    run(scene, "directory report corp --holder n2 --phase reading", 1);
    HAS(scene->err, "[OWNER_BUSY]");
    run(scene, "directory report corp --holder n1 --phase done", 0);
    reply = run_json(scene, "directory status --match cor", 0);
    assert_true(json_is_null(at(reply, "directories.0.held")));
    assert_true(json_is_integer(at(reply, "directories.0.done_at_us")));
    json_decref(reply);
    reply = run_json(scene, "directory status --match other", 0);
    assert_int_equal(json_array_size(at(reply, "directories")), 0);
    json_decref(reply);
}

int main(void)
{
#define TEST(name) RUN_IN(name, setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        RUN_IN(test_pool_rules__are_shown_and_raised, scene_setup,
               scene_teardown),
        TEST(test_groups__whole_life),
        TEST(test_groups_list__comes_in_pages),
        TEST(test_categories__say_whom_they_are_for),
        TEST(test_rooms__are_auditoriums_and_secret),
        TEST(test_users__have_a_policy),
        TEST(test_messages__are_searched),
        TEST(test_owner__of_users_and_groups),
        TEST(test_directory__is_reported_and_confirmed),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Add-ins, and who is eligible, by perchctl, over a real socket, by the real
 * rules. */
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

/* One is registered, shown, changed and deleted; what is so already is not
 * done again, and a dry run does nothing. */
static void test_addins__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "--dry-run addins create Tides --url https://tides.example/", 0);
    run(scene, "addins show Tides", 1);
    HAS(scene->err, "[ADDIN_UNKNOWN]");
    reply = run_json(scene,
                     "addins create Tides --url https://tides.example/now", 0);
    assert_text(reply, "addin.name", "Tides");
    assert_text(reply, "addin.url", "https://tides.example/now");
    assert_number(reply, "addin.rooms", 0);
    assert_number(reply, "addin.version", 1);
    json_decref(reply);
    run_again(scene, "addins create Tides --url https://tides.example/now");
    run(scene, "addins create tides --url https://other.example/", 1);
    HAS(scene->err, "[ADDIN_EXISTS]");
    run(scene, "addins create Odd --url ftp://tides.example/", 1);
    HAS(scene->err, "[ADDIN_URL_INVALID]");
    run(scene, "addins change Tides", 2);
    reply = run_json(scene, "addins change TIDES --name Ebb --if-version 1", 0);
    assert_text(reply, "addin.name", "Ebb");
    assert_number(reply, "addin.version", 2);
    json_decref(reply);
    run_again(scene, "addins change Ebb --url https://tides.example/now");
    run(scene, "addins change Ebb --name x --if-version 1", 1);
    HAS(scene->err, "[VERSION_STALE]");
    run(scene, "addins create Winds --url http://w.example/", 0);
    reply = run_json(scene, "addins list", 0);
    assert_int_equal(json_array_size(at(reply, "addins")), 2);
    assert_text(reply, "addins.0.name", "Ebb");
    json_decref(reply);
    reply = run_json(scene, "addins list --match wind", 0);
    assert_int_equal(json_array_size(at(reply, "addins")), 1);
    json_decref(reply);
    reply = run_json(scene, "addins delete Ebb", 0);
    assert_text(reply, "addin.name", "Ebb");
    json_decref(reply);
    run_again(scene, "addins delete Ebb");
    run(scene, "addins delete Ebb", 0);
    HAS(scene->out, "there is no add-in \"Ebb\"; nothing was changed");
    run(scene, "addins show Ebb", 1);
    HAS(scene->err, "[ADDIN_UNKNOWN]");
}

/* A room carries one, by its name, and shows it; it is listed by it, and the
 * add-in is not deleted as long. */
static void test_rooms__carry_addins(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "addins create Tides --url https://tides.example/now", 0);
    reply =
        run_json(scene, "rooms create Pier --category Trade --addin tides", 0);
    assert_text(reply, "room.addin", "Tides");
    assert_text(reply, "room.addin_url", "https://tides.example/now");
    json_decref(reply);
    run_again(scene, "rooms create Pier --category Trade --addin Tides");
    run(scene, "rooms change Pier --addin Winds", 1);
    HAS(scene->err, "[ADDIN_UNKNOWN]");
    reply = run_json(scene, "rooms list --addin Tides", 0);
    assert_int_equal(json_array_size(at(reply, "rooms")), 1);
    json_decref(reply);
    run(scene, "addins delete Tides", 1);
    HAS(scene->err, "[ADDIN_IN_USE]");
    run_again(scene, "rooms change Pier --addin Tides");
    reply = run_json(scene, "rooms change Pier --addin none", 0);
    assert_true(json_is_null(at(reply, "room.addin")));
    json_decref(reply);
    run_again(scene, "rooms change Pier --addin none");
    run(scene, "addins delete Tides", 0);
}

/* Those whom a category allows, users and groups, and nobody else. */
static void test_categories__eligible(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "groups create group:analysts --member alice", 0);
    run(scene, "categories create Research --allow group:analysts", 0);
    reply = run_json(scene, "categories eligible Research", 0);
    assert_int_equal(json_array_size(at(reply, "principals")), 2);
    assert_text(reply, "principals.0.uri", "sip:alice@example.com");
    assert_truth(reply, "principals.0.is_group", false);
    assert_text(reply, "principals.1.uri", "group:analysts");
    assert_truth(reply, "principals.1.is_group", true);
    json_decref(reply);
    reply = run_json(scene, "categories eligible Research --match ANAL", 0);
    assert_int_equal(json_array_size(at(reply, "principals")), 1);
    json_decref(reply);
    run(scene, "users disable alice", 0);
    reply = run_json(scene, "categories eligible Research --match alice", 0);
    assert_int_equal(json_array_size(at(reply, "principals")), 0);
    json_decref(reply);
    run(scene, "categories eligible Nix", 1);
    HAS(scene->err, "[CATEGORY_UNKNOWN]");
}

#define TEST(name) RUN_IN(name, setup, scene_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_addins__whole_life),
        TEST(test_rooms__carry_addins),
        TEST(test_categories__eligible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

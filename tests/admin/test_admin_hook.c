/* Filters, and messages said elsewhere, from the command line to the real
 * rules. */
#include <stdlib.h>
#include <string.h>

#include "tests/admin/replies.h"
#include "tests/admin/scene.h"
#include "tests/unit/test.h"

#define RULES "4"

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

/* A filter lives: it is created, found again, changed, told apart from others,
 * disabled and deleted; what is asked for again is so already. */
static void test_filters__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene,
                             "filters create deals --action block --expression "
                             "word:insider --expression like:merg*",
                             0);

    assert_text(reply, "filter.name", "deals");
    assert_text(reply, "filter.action", "block");
    assert_number(reply, "filter.expressions_n", 2);
    assert_text(reply, "filter.expressions.1", "like:merg*");
    assert_number(reply, "filter.version", 1);
    json_decref(reply);
    run_again(scene, "filters create DEALS --action block --expression "
                     "word:insider --expression like:merg*");
    run(scene, "filters create deals --action warn", 1);
    HAS(scene->err, "[FILTER_EXISTS]");
    run(scene, "filters change deals --action warn --if-version 1", 0);
    run_again(scene, "filters change deals --action warn");
    run(scene, "filters change deals --action block --if-version 1", 1);
    HAS(scene->err, "[VERSION_STALE]");
    run(scene, "filters change deals", 2);
    run(scene, "filters disable deals", 0);
    reply = run_json(scene, "filters list --match DEA", 0);
    assert_truth(reply, "filters.0.disabled", true);
    json_decref(reply);
    run(scene, "--dry-run filters delete deals", 0);
    run(scene, "filters show deals", 0);
    run(scene, "filters delete deals", 0);
    run_again(scene, "filters delete deals");
    run(scene, "filters delete deals", 0);
    HAS(scene->out, "there is no filter \"deals\"; nothing was changed");
    run(scene, "filters show deals", 1);
    HAS(scene->err, "[FILTER_UNKNOWN]");
}

/* An expression that cannot be compiled is named, with what is wrong with it,
 * and nothing is proposed; one of no kind is the rules' to refuse. */
static void test_filters__bad_expressions(void **state)
{
    struct scene *scene = *state;

    run(scene, "filters create bad --action warn --expression 'regex:a('", 1);
    HAS(scene->err, "[EXPRESSION_BAD]");
    HAS(scene->err, "regex:a(");
    HAS(scene->err, "parenthes");
    run(scene, "filters create bad --action warn --expression insider", 1);
    HAS(scene->err, "[FILTER_EXPRESSION_INVALID]");
    run(scene, "filters create bad --action warn --category nowhere", 1);
    HAS(scene->err, "[CATEGORY_UNKNOWN]");
    run(scene, "filters show bad", 1);
}

/* What would become of a post is told with the expression that was found. */
static void test_filters_test__tells_what_was_found(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    run(scene, "filters create deals --action block --expression word:insider",
        0);
    run(scene, "filters create names --action warn --expression like:merg*", 0);
    reply = run_json(scene, "filters test Insider", 0);
    assert_text(reply, "verdict", "blocked");
    assert_text(reply, "hits.0.filter", "deals");
    assert_text(reply, "hits.0.expression", "word:insider");
    json_decref(reply);
    reply = run_json(scene, "filters test merger", 0);
    assert_text(reply, "verdict", "warned");
    json_decref(reply);
    run(scene, "filters disable deals", 0);
    reply = run_json(scene, "filters test insider", 0);
    assert_text(reply, "verdict", "passed");
    json_decref(reply);
    reply = run_json(scene, "filters test insider --filter deals", 0);
    assert_text(reply, "verdict", "blocked");
    json_decref(reply);
}

/* Without a store there is nothing to be read, and that is said. */
static void test_messages_export__without_a_store(void **state)
{
    struct scene *scene = *state;

    run(scene, "messages export Lobby", 1);
    HAS(scene->err, "[CONTENT_NOT_READ]");
    run(scene, "messages export Nowhere", 1);
    HAS(scene->err, "[ROOM_UNKNOWN]");
}

int main(void)
{
#define CASE(test) RUN_IN(test, setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_filters__whole_life),
        CASE(test_filters__bad_expressions),
        CASE(test_filters_test__tells_what_was_found),
        CASE(test_messages_export__without_a_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

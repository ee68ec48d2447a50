#include "tests/unit/test.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/web/health.h"
#include "node/web/pages.h"
#include "proto/base/os/loop_uv.h"

enum { FLIPS = 20000 };

struct scene {
    struct loop *loop;
    struct health *health;
    struct pulse *pulse;
    uint64_t begin_us; /* When the pulse began. */
    struct health_report report;
    struct http_reply reply;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->loop = loop_new();
    scene->health = health_new();
    scene->begin_us = loop_now_us(scene->loop);
    scene->pulse = pulse_new(scene->health, scene->loop, "raft");
    *state = scene;
    return scene->pulse == NULL;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    pulse_free(scene->pulse);
    health_free(scene->health);
    loop_free(scene->loop);
    buffer_deinit(&scene->reply.body);
    free(scene);
    return 0;
}

static void make_ready(struct scene *scene)
{
    health_set(scene->health, HEALTH_APPLYING, true);
    health_set(scene->health, HEALTH_CAUGHT_UP, true);
    health_set(scene->health, HEALTH_LEADER_KNOWN, true);
    health_set(scene->health, HEALTH_LISTENING, true);
}

/* Judge so long after the loop was last heard of. */
static const struct health_report *judge(struct scene *scene, uint64_t after_ms)
{
    health_judge(scene->health, scene->begin_us + after_ms * 1000,
                 &scene->report);
    return &scene->report;
}

/* Empty the reply, as the server does before it calls a handler. */
static struct http_reply *fresh(struct scene *scene)
{
    scene->reply.status = 200;
    scene->reply.content_type = HTTP_TEXT;
    buffer_clear(&scene->reply.body);
    return &scene->reply;
}

static void assert_page(struct scene *scene, unsigned status, const char *text)
{
    assert_int_equal(scene->reply.status, status);
    buffer_append(&scene->reply.body, "", 1);
    assert_string_equal(scene->reply.body.data, text);
}

/* A node is alive from its start, and ready only when all that matters is as
 * it should be; every single fact can take that away, leading cannot. */
static void test_health_judge__needs_every_fact(void **state)
{
    struct scene *scene = *state;

    assert_true(judge(scene, 0)->alive);
    assert_false(judge(scene, 0)->ready);
    make_ready(scene);
    assert_true(judge(scene, 0)->ready);
    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        bool value = health_is(scene->health, i);

        health_set(scene->health, i, !value);
        assert_int_equal(judge(scene, 0)->ready, i == HEALTH_LEADER);
        assert_int_equal(judge(scene, 0)->faults[i], i != HEALTH_LEADER);
        assert_true(judge(scene, 0)->alive);
        health_set(scene->health, i, value);
    }
    assert_true(judge(scene, 0)->ready);
}

/* A loop that does not turn makes the node neither alive nor ready, once it
 * has been silent for longer than HEALTH_SILENCE_MS_MAX; and only that. */
static void test_health_judge__notices_a_hung_loop(void **state)
{
    struct scene *scene = *state;

    make_ready(scene);
    assert_true(judge(scene, HEALTH_SILENCE_MS_MAX)->ready);
    assert_false(judge(scene, HEALTH_SILENCE_MS_MAX + 1000)->alive);
    assert_false(scene->report.ready);
    assert_int_equal(scene->report.loops_n, 1);
    assert_string_equal(scene->report.loops[0].name, "raft");
    assert_true(scene->report.loops[0].hung);
    assert_in_range(scene->report.loops[0].silent_ms, HEALTH_SILENCE_MS_MAX,
                    HEALTH_SILENCE_MS_MAX + 1000);

    pulse_free(scene->pulse);
    scene->pulse = NULL;
    assert_true(judge(scene, HEALTH_SILENCE_MS_MAX + 1000)->alive);
    assert_int_equal(scene->report.loops_n, 0);
}

static void stop_loop(void *context)
{
    loop_stop(context);
}

/* The pulse beats by itself as long as its loop turns. */
static void test_pulse__beats_while_the_loop_turns(void **state)
{
    struct scene *scene = *state;
    struct timer *timer = timer_new(scene->loop, stop_loop, scene->loop);

    timer_start(timer, HEALTH_PULSE_MS + 200, 0);
    loop_run(scene->loop);
    timer_free(timer);
    assert_true(
        judge(scene, HEALTH_SILENCE_MS_MAX + HEALTH_PULSE_MS / 2)->alive);
    assert_false(
        judge(scene, HEALTH_SILENCE_MS_MAX + 3 * HEALTH_PULSE_MS)->alive);
    /* A pulse that came after the judge looked at the clock is no silence. */
    assert_int_equal(judge(scene, 0)->loops[0].silent_ms, 0);
}

/* As many loops as promised, whose places are given again. */
static void test_pulse_new__takes_all_loops_of_a_node(void **state)
{
    struct scene *scene = *state;
    struct pulse *pulses[HEALTH_LOOPS_MAX - 1];
    char name[32];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < HEALTH_LOOPS_MAX - 1; i++) {
            snprintf(name, sizeof(name), "edge-with-a-long-name-%d", i);
            pulses[i] = pulse_new(scene->health, scene->loop, name);
            assert_non_null(pulses[i]);
        }
        assert_int_equal(judge(scene, 0)->loops_n, HEALTH_LOOPS_MAX);
        assert_string_equal(scene->report.loops[1].name, "edge-with-a-lon");
        for (int i = 0; i < HEALTH_LOOPS_MAX - 1; i++) {
            pulse_free(pulses[i]);
        }
    }
}

static void *flip(void *context)
{
    struct scene *scene = context;

    for (int i = 0; i < FLIPS; i++) {
        health_set(scene->health, HEALTH_DRAINING, i % 2 == 0);
    }
    return NULL;
}

/* Facts set by different threads do not undo each other. */
static void test_health_set__keeps_facts_apart(void **state)
{
    struct scene *scene = *state;
    pthread_t thread;

    pthread_create(&thread, NULL, flip, scene);
    for (int i = 0; i < FLIPS; i++) {
        health_set(scene->health, HEALTH_LEADER, i % 2 == 0);
        assert_int_equal(health_is(scene->health, HEALTH_LEADER), i % 2 == 0);
        assert_true(judge(scene, 0)->alive);
    }
    pthread_join(thread, NULL);
    assert_false(health_is(scene->health, HEALTH_DRAINING));
}

/* /livez is about loops alone: neither quorum nor readiness may show in it, or
 * restarts would follow each other. */
static void test_pages_livez__looks_at_loops_alone(void **state)
{
    struct scene *scene = *state;
    char expected[128];

    pages_livez(judge(scene, 0), fresh(scene));
    assert_page(scene, 200, "alive\n");
    judge(scene, HEALTH_SILENCE_MS_MAX + 1000);
    pages_livez(&scene->report, fresh(scene));
    snprintf(expected, sizeof(expected),
             "hung: loop raft has not turned for %d ms\n",
             (int)scene->report.loops[0].silent_ms);
    assert_page(scene, 503, expected);
}

/* /readyz says each reason in words. */
static void test_pages_readyz__says_why_not(void **state)
{
    struct scene *scene = *state;

    make_ready(scene);
    pages_readyz(judge(scene, 0), false, fresh(scene));
    assert_page(scene, 200, "ready\n");
    health_set(scene->health, HEALTH_LEADER_KNOWN, false);
    health_set(scene->health, HEALTH_DRAINING, true);
    pages_readyz(judge(scene, HEALTH_SILENCE_MS_MAX + 1000), false,
                 fresh(scene));
    assert_page(scene, 503,
                "not ready: leader_known: no leader is known, posts cannot "
                "commit\n"
                "not ready: draining: the node is being drained\n"
                "not ready: hung: see /livez\n");
}

static json_t *read_json(struct scene *scene)
{
    json_t *top =
        json_loadb((char *)scene->reply.body.data, scene->reply.body.len,
                   JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(top);
    assert_string_equal(scene->reply.content_type, "application/json");
    return top;
}

/* ?verbose says the same as JSON, with every fact and loop. */
static void test_pages_readyz__is_json_when_verbose(void **state)
{
    struct scene *scene = *state;
    const char *name, *text;
    int ready, low, hung;
    json_t *top;

    make_ready(scene);
    health_set(scene->health, HEALTH_DISK_LOW, true);
    pages_readyz(judge(scene, 0), true, fresh(scene));
    assert_int_equal(scene->reply.status, 503);
    top = read_json(scene);
    assert_int_equal(
        json_unpack(top, "{s:b, s:[{s:s, s:s}!], s:{s:b}, s:[{s:s, s:b}!]}",
                    "ready", &ready, "reasons", "name", &name, "text", &text,
                    "facts", "disk_low", &low, "loops", "name", &text, "hung",
                    &hung),
        0);
    assert_false(ready);
    assert_string_equal(name, "disk_low");
    assert_true(low);
    assert_string_equal(text, "raft");
    assert_false(hung);
    assert_int_equal(json_object_size(json_object_get(top, "facts")),
                     HEALTH_FACTS);
    json_decref(top);

    health_set(scene->health, HEALTH_DISK_LOW, false);
    pages_readyz(judge(scene, 0), true, fresh(scene));
    assert_int_equal(scene->reply.status, 200);
    top = read_json(scene);
    assert_true(json_is_true(json_object_get(top, "ready")));
    assert_int_equal(json_array_size(json_object_get(top, "reasons")), 0);
    json_decref(top);
}

/* /leaderz follows the leader, ready or not. */
static void test_pages_leaderz__follows_the_leader(void **state)
{
    struct scene *scene = *state;

    pages_leaderz(judge(scene, 0), fresh(scene));
    assert_page(scene, 503, "not the leader\n");
    health_set(scene->health, HEALTH_LEADER, true);
    pages_leaderz(judge(scene, 0), fresh(scene));
    assert_page(scene, 200, "leader\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_health_judge__needs_every_fact, set_up, tear_down),
        RUN_IN(test_health_judge__notices_a_hung_loop, set_up, tear_down),
        RUN_IN(test_pulse__beats_while_the_loop_turns, set_up, tear_down),
        RUN_IN(test_pulse_new__takes_all_loops_of_a_node, set_up, tear_down),
        RUN_IN(test_health_set__keeps_facts_apart, set_up, tear_down),
        RUN_IN(test_pages_livez__looks_at_loops_alone, set_up, tear_down),
        RUN_IN(test_pages_readyz__says_why_not, set_up, tear_down),
        RUN_IN(test_pages_readyz__is_json_when_verbose, set_up, tear_down),
        RUN_IN(test_pages_leaderz__follows_the_leader, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

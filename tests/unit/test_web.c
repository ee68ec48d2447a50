#include "tests/unit/test.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/web/web.h"
#include "tests/unit/exposition.h"
#include "tests/unit/quiet.h"
#include "tests/unit/raw_http.h"

enum { CLIENTS = 4, ROUNDS = 50 };

struct scene {
    struct metrics *metrics;
    struct health *health;
    struct web *web;
    struct buffer reply;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct web_options options = {.host = "127.0.0.1"};

    quiet_begin();
    options.metrics = scene->metrics = metrics_new();
    options.health = scene->health = health_new();
    assert_int_equal(web_open(&scene->web, &options), ERROR_NONE);
    assert_int_equal(web_start(scene->web), ERROR_NONE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    web_close(scene->web);
    health_free(scene->health);
    metrics_free(scene->metrics);
    buffer_deinit(&scene->reply);
    quiet_end();
    free(scene);
    return 0;
}

/* Fetch a page on a connection of its own. Returns its status; reply holds
 * head and body. */
static unsigned fetch(uint16_t port, const char *path, struct buffer *reply)
{
    char request[256];
    unsigned status = 0;

    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    if (raw_exchange(port, request, strlen(request), reply)) {
        sscanf((char *)reply->data, "HTTP/1.1 %u", &status);
    }
    return status;
}

static unsigned page(struct scene *scene, const char *path)
{
    return fetch(web_port(scene->web), path, &scene->reply);
}

static const char *body_of(const struct scene *scene)
{
    const char *end = strstr((char *)scene->reply.data, "\r\n\r\n");

    return end == NULL ? "" : end + 4;
}

/* The four pages are where monitors look for them, and follow the facts. */
static void test_web__serves_the_pages(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(page(scene, "/livez"), 200);
    assert_string_equal(body_of(scene), "alive\n");
    assert_int_equal(page(scene, "/readyz"), 503);
    assert_int_equal(page(scene, "/leaderz"), 503);
    health_set(scene->health, HEALTH_APPLYING, true);
    health_set(scene->health, HEALTH_CAUGHT_UP, true);
    health_set(scene->health, HEALTH_LEADER_KNOWN, true);
    health_set(scene->health, HEALTH_LISTENING, true);
    health_set(scene->health, HEALTH_LEADER, true);
    assert_int_equal(page(scene, "/readyz"), 200);
    assert_string_equal(body_of(scene), "ready\n");
    assert_int_equal(page(scene, "/readyz?verbose"), 200);
    assert_non_null(strstr((char *)scene->reply.data,
                           "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(body_of(scene), "\"name\": \"web\""));
    assert_int_equal(page(scene, "/leaderz"), 200);
    assert_int_equal(page(scene, "/"), 404);
}

static double value(struct scene *scene, const char *series)
{
    return exposition_value(body_of(scene), series);
}

/* /metrics is to the letter and tells of health and of the server itself. */
static void test_web__exports_metrics(void **state)
{
    struct scene *scene = *state;
    char why[EXPOSITION_WHY_BYTES];

    page(scene, "/nowhere");
    page(scene, "/hello%00");
    health_set(scene->health, HEALTH_DRAINING, true);
    assert_int_equal(page(scene, "/metrics"), 200);
    assert_non_null(strstr((char *)scene->reply.data,
                           "\r\nContent-Type: " METRICS_CONTENT_TYPE "\r\n"));
    if (exposition_check(body_of(scene), why) < 0) {
        fail_msg("%s", why);
    }
    assert_true(value(scene, "perch_ready") == 0);
    assert_true(value(scene, "perch_alive") == 1);
    assert_true(value(scene, "perch_health{kind=\"draining\"}") == 1);
    assert_true(value(scene, "perch_health{kind=\"leader\"}") == 0);
    assert_true(value(scene, "perch_http_replies_total{kind=\"4xx\"}") == 2);
    assert_true(value(scene, "perch_http_refused_total{kind=\"target\"}") == 1);
    assert_true(value(scene, "perch_http_connections") >= 1);
    assert_true(value(scene, "perch_http_request_seconds_count") == 2);
    assert_true(value(scene, "perch_loop_silence_seconds") < 30);
}

struct client {
    struct scene *scene;
    pthread_t thread;
    int served;
};

static void *fetch_all(void *context)
{
    struct client *client = context;
    struct buffer reply = BUFFER_EMPTY;

    for (int i = 0; i < ROUNDS; i++) {
        client->served +=
            fetch(web_port(client->scene->web), "/metrics", &reply) == 200;
    }
    buffer_deinit(&reply);
    return NULL;
}

/* Several monitors at a time get their pages while facts change. */
static void test_web__serves_several_at_a_time(void **state)
{
    struct scene *scene = *state;
    struct client clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.scene = scene};
        pthread_create(&clients[i].thread, NULL, fetch_all, &clients[i]);
    }
    for (int i = 0; i < 2000; i++) {
        health_set(scene->health, HEALTH_LEADER, i % 2 == 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].served, ROUNDS);
    }
}

/* Stopping does not wait for clients, and what runs on the loop can be freed
 * between stopping and closing. */
static void test_web_stop__waits_for_nobody(void **state)
{
    struct scene *scene = *state;
    struct pulse *pulse;
    int connection = raw_connect(web_port(scene->web));

    raw_send_text(connection, "GET /livez HTTP/1.1\r\n");
    web_stop(scene->web);
    pulse = pulse_new(scene->health, web_loop(scene->web), "admin");
    pulse_free(pulse);
    web_stop(scene->web);
    web_close(scene->web);
    scene->web = NULL;
    assert_true(raw_read_end(connection, &scene->reply));
    assert_int_equal(scene->reply.len, 0);
    close(connection);
}

/* What cannot be opened leaves nothing behind. */
static void test_web_open__fails_whole(void **state)
{
    struct scene *scene = *state;
    struct metrics *metrics = metrics_new();
    struct web_options options = {.host = "127.0.0.1",
                                  .port = web_port(scene->web),
                                  .metrics = metrics,
                                  .health = scene->health};
    struct web *web = NULL;

    assert_int_equal(web_open(&web, &options), ERROR_IO);
    assert_null(web);
    metrics_free(metrics);
    assert_int_equal(page(scene, "/livez"), 200);
}

/* Print a node's /metrics, for promtool. */
static int print_page(void)
{
    void *state;
    struct scene *scene;

    set_up(&state);
    scene = state;
    page(scene, "/metrics");
    fputs(body_of(scene), stdout);
    return tear_down(&state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_web__serves_the_pages, set_up, tear_down),
        RUN_IN(test_web__exports_metrics, set_up, tear_down),
        RUN_IN(test_web__serves_several_at_a_time, set_up, tear_down),
        RUN_IN(test_web_stop__waits_for_nobody, set_up, tear_down),
        RUN_IN(test_web_open__fails_whole, set_up, tear_down),
    };

    if (argc == 2 && strcmp(argv[1], "--page") == 0) {
        return print_page();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

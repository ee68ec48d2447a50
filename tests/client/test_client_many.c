/* A thousand clients on one loop. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/client/scene.h"

enum { CLIENTS = 1000 };

struct crowd {
    struct scene *scene;
    struct client *clients[CLIENTS];
    int online, heard, posted, left;
};

static void on_event(void *context, const struct client_event *event)
{
    struct crowd *crowd = context;

    if (event->kind == CLIENT_EVENT_STATE) {
        crowd->online += event->state.state == CLIENT_ONLINE;
        crowd->left += event->state.state == CLIENT_STOPPED;
    } else if (event->kind == CLIENT_EVENT_MESSAGE) {
        crowd->heard++;
    } else if (event->kind == CLIENT_EVENT_POSTED) {
        crowd->posted += event->posted.result == CLIENT_DONE;
    }
}

static bool all_online(struct scene *scene, const void *by)
{
    const struct crowd *crowd = by;

    (void)scene;
    return crowd->online == CLIENTS;
}

static bool all_online_again(struct scene *scene, const void *by)
{
    const struct crowd *crowd = by;

    (void)scene;
    return crowd->online == 2 * CLIENTS;
}

static bool all_left(struct scene *scene, const void *by)
{
    const struct crowd *crowd = by;

    (void)scene;
    return crowd->left == CLIENTS;
}

static bool all_heard(struct scene *scene, const void *by)
{
    const struct crowd *crowd = by;

    (void)scene;
    return crowd->heard == CLIENTS;
}

/* Joined, and the room's past is known. */
static bool all_joined(struct scene *scene, const void *by)
{
    (void)by;
    return pool_count(scene->pool, "cmd:bccontext", -1) == CLIENTS;
}

static void allow_sockets(void)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur >= 2 * CLIENTS + 100);
}

/* All sign in, all hear a message, all come back after their node has died,
 * all sign out. */
static void test_many__clients(void **state)
{
    static struct crowd crowd;
    struct scene *scene = *state;
    struct client_settings settings = {.limits = CLIENT_LIMITS_DEFAULT};
    const char *why;
    char user[64];
    int room;

    allow_sockets();
    scene_nodes(scene, 2);
    room = pool_add_room(scene->pool, "Tide Desk");
    scene->pool->rooms[room].is_deaf = true;
    crowd = (struct crowd){.scene = scene};
    settings.servers = scene->servers;
    for (int i = 0; i < CLIENTS; i++) {
        snprintf(user, sizeof(user), "user%d@" POOL_DOMAIN, i);
        settings.user = user;
        assert_int_equal(client_new(scene->loop, &settings, on_event, &crowd,
                                    &crowd.clients[i], &why),
                         ERROR_NONE);
        client_start(crowd.clients[i]);
    }
    assert_true(scene_until(scene, all_online, &crowd));
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), CLIENTS);
    pool_kill(scene->pool, 0);
    assert_true(scene_until(scene, all_online_again, &crowd));
    for (int i = 0; i < CLIENTS; i++) {
        client_stop(crowd.clients[i]);
    }
    assert_true(scene_until(scene, all_left, &crowd));
    for (int i = 0; i < CLIENTS; i++) {
        client_free(crowd.clients[i]);
    }
}

/* One message reaches each of them once. */
static void test_many__one_message(void **state)
{
    static struct crowd crowd;
    struct scene *scene = *state;
    struct client_settings settings = {.limits = CLIENT_LIMITS_DEFAULT};
    const char *why;
    int room;

    allow_sockets();
    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    crowd = (struct crowd){.scene = scene};
    settings.servers = scene->servers;
    settings.user = "ingrid@" POOL_DOMAIN;
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(client_new(scene->loop, &settings, on_event, &crowd,
                                    &crowd.clients[i], &why),
                         ERROR_NONE);
        client_join(crowd.clients[i], room_uri(scene, room), 0);
        client_start(crowd.clients[i]);
    }
    assert_true(scene_until(scene, all_online, &crowd));
    assert_true(scene_until(scene, all_joined, &crowd));
    pool_say(scene->pool, room, "tomas", "hello, all of you");
    assert_true(scene_until(scene, all_heard, &crowd));
    scene_run(scene, 200);
    assert_int_equal(crowd.heard, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        client_free(crowd.clients[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_many__clients, scene_setup, scene_teardown),
        RUN_IN(test_many__one_message, scene_setup, scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

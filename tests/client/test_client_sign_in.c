/* Signing in: no password, Digest, refusals, redirects, a busy pool; and what
 * keeps a client signed in. */
#include "tests/client/scene.h"

/* Without a password a client is online after REGISTER, SUBSCRIBE, INVITE. */
static void test_start__pool_without_passwords(void **state)
{
    struct scene *scene = *state;

    scene_nodes(scene, 1);
    scene_online(scene, "ingrid");
    assert_int_equal(pool_count(scene->pool, "REGISTER", 0), 1);
    assert_int_equal(pool_count(scene->pool, "SUBSCRIBE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "INVITE", 0), 1);
    assert_int_equal(pool_count(scene->pool, "cmd:requri", 0), 0);
}

static void test_smoke(void **state)
{
    struct scene *scene = *state;
    struct owner *ingrid;
    const struct told *end;
    int room;

    scene_nodes(scene, 1);
    room = pool_add_room(scene->pool, "Tide Desk");
    pool_say(scene->pool, room, "tomas", "one");
    pool_say(scene->pool, room, "tomas", "two");
    pool_say(scene->pool, room, "tomas", "three");
    ingrid = scene_online(scene, "ingrid");
    scene_join(ingrid, room, 2);
    end = scene_end(ingrid, scene_post(ingrid, room, "four", 3000));
    assert_int_equal(end->result, CLIENT_DONE);
    assert_int_equal(end->id, 4);
    scene_ids(ingrid, room, "2 3 4");
    client_stop(ingrid->client);
    scene_state(ingrid, CLIENT_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_start__pool_without_passwords, scene_setup, scene_teardown),
        RUN_IN(test_smoke, scene_setup, scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

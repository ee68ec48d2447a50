/* What administrators are told when the pool cannot do what they ask, and that
 * nothing is done twice or without their knowledge. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/admin/local.h"
#include "tests/admin/scene.h"
#include "tests/unit/test.h"

#define HAS(text, part) assert_non_null(strstr(text, part))

static const char *const create = "users create dave --display-name Dave";

/* Without a leader nothing is shown that may be old, and nothing is proposed;
 * what the node knows itself is there all the same. */
static void test_looks__need_a_leader_unless_stale(void **state)
{
    struct scene *scene = *state;

    scene->weather = WEATHER_NO_LEADER;
    assert_int_equal(scene_run(scene, "rooms list", NULL), 4);
    HAS(scene->err, "[NO_LEADER]");
    HAS(scene->err, "--stale");
    assert_int_equal(scene_run(scene, create, NULL), 4);
    assert_int_equal(scene_run(scene, "--stale users create dave", NULL), 4);
    assert_int_equal(scene->proposals, 0);
    assert_int_equal(scene_run(scene, "--stale rooms list", NULL), 0);
    HAS(scene->out, "lobby");
    assert_int_equal(scene_run(scene, "status", NULL), 0);
    assert_int_equal(scene_run(scene, "nodes list", NULL), 0);
}

/* A pool that stands still is given up when the time is over. */
static void test_looks__end_in_time(void **state)
{
    struct scene *scene = *state;

    scene->weather = WEATHER_STANDSTILL;
    assert_int_equal(scene_run(scene, "--timeout 1 rooms list", NULL), 4);
    HAS(scene->err, "[NO_LEADER]");
}

static void test_everything__waits_for_the_state(void **state)
{
    struct scene *scene = *state;

    scene->weather = WEATHER_NOT_LOADED;
    assert_int_equal(scene_run(scene, "rooms list", NULL), 4);
    HAS(scene->err, "[NOT_LOADED]");
    assert_int_equal(scene_run(scene, create, NULL), 4);
    assert_int_equal(scene_run(scene, "--json status", NULL), 0);
    HAS(scene->out, "\"domain\": null");
}

/* A dry run says what the change would, refusals too, and leaves no trace. */
static void test_dry_run__leaves_no_trace(void **state)
{
    struct scene *scene = *state;
    uint64_t hash = scene_hash(scene);

    assert_int_equal(scene_run(scene, "--dry-run users create dave", NULL), 0);
    HAS(scene->out, "would be created; nothing was changed");
    assert_int_equal(scene_run(scene, "-n users create alice", NULL), 0);
    HAS(scene->out, "as asked already");
    assert_int_equal(
        scene_run(scene, "-n users create alice --display-name X", NULL), 1);
    HAS(scene->err, "[USER_EXISTS]");
    assert_int_equal(scene_run(scene, "-n rooms disable desk", NULL), 0);
    assert_int_equal(scene_run(scene, "-n sessions expel 2/2/1", NULL), 0);
    assert_int_equal(scene_run(scene, "-n pool set users_max 7", NULL), 0);
    assert_int_equal(
        scene_run(scene, "-n rooms change desk --add-member nix", NULL), 1);
    assert_int_equal(
        scene_run(scene, "-n users change alice --password", "a\n"), 0);
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(scene->proposals, 0);
    assert_int_equal(scene_run(scene, "users show dave", NULL), 1);
}

/* What was not taken, or taken back, has not happened. */
static void test_changes__not_made_say_so(void **state)
{
    struct scene *scene = *state;
    uint64_t hash = scene_hash(scene);

    scene->weather = WEATHER_REFUSES;
    assert_int_equal(scene_run(scene, create, NULL), 1);
    HAS(scene->err, "[BUSY]");
    scene->weather = WEATHER_WITHDRAWS;
    assert_int_equal(scene_run(scene, create, NULL), 4);
    HAS(scene->err, "[WITHDRAWN]");
    assert_true(scene_hash(scene) == hash);
}

/* A change whose fate nobody can tell has an exit code of its own, and asking
 * for it again finds it made. */
static void test_changes__of_unknown_fate_can_be_repeated(void **state)
{
    struct scene *scene = *state;
    uint64_t hash;

    scene->weather = WEATHER_FORGETS;
    assert_int_equal(scene_run(scene, create, NULL), 6);
    HAS(scene->err, "[OUTCOME_UNKNOWN]");
    scene->weather = WEATHER_FAIR;
    hash = scene_hash(scene);
    assert_int_equal(scene_run(scene, create, NULL), 0);
    HAS(scene->out, "is as asked already");
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(scene->proposals, 1);
}

/* The node itself gives up on a change that it never hears of again, a while
 * after the time for taking it back. */
static void test_changes__never_heard_of_end_in_time(void **state)
{
    struct scene *scene = *state;

    scene->weather = WEATHER_MUTE;
    assert_int_equal(scene_run(scene, "--timeout 1 users create dave", NULL),
                     6);
    HAS(scene->err, "[OUTCOME_UNKNOWN]");
}

/* Two who ask for the same at once are both told that it holds. */
static void test_changes__made_by_another_meanwhile_hold(void **state)
{
    struct scene *scene = *state;

    scene->weather = WEATHER_ANOTHER;
    assert_int_equal(scene_run(scene, create, NULL), 0);
    HAS(scene->out, "is as asked already");
    assert_int_equal(scene_run(scene, "users create eve --password", "e\n"), 0);
    HAS(scene->out, "is as asked already");
    assert_int_equal(
        scene_run(scene, "rooms create x --category Trade --member bob", NULL),
        0);
    HAS(scene->out, "is as asked already");
}

/* Nobody is there: nothing was changed, and every node that was tried is
 * named. The one that answers is used. */
static void test_nodes__are_tried_in_turn(void **state)
{
    struct scene *scene = *state;
    char words[1024];

    assert_int_equal(
        scene_run(scene, "--socket /nix/a --socket /nix/b users list", NULL),
        3);
    HAS(scene->err, "/nix/a");
    HAS(scene->err, "/nix/b");
    HAS(scene->err, "[UNREACHABLE]");
    snprintf(words, sizeof(words), "--socket /nix/a --socket '%s' users list",
             scene->path);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    HAS(scene->out, "sip:alice@example.com");
}

/* A node that cannot decide is not the last word, and is when no other has
 * one. */
static void test_nodes__that_cannot_decide_are_passed_by(void **state)
{
    struct scene *scene = *state;
    char words[1024];

    scene->weather = WEATHER_NO_LEADER;
    snprintf(words, sizeof(words), "--socket '%s' --socket /nix/a users list",
             scene->path);
    assert_int_equal(scene_run(scene, words, NULL), 4);
    HAS(scene->err, "[NO_LEADER]");
    snprintf(words, sizeof(words),
             "--socket /nix/a --socket '%s' --socket '%s' users list",
             scene->path, scene->path);
    assert_int_equal(scene_run(scene, words, NULL), 4);
    assert_int_equal(server_meters(admin_server(scene->admin))->requests.value,
                     3);
}

/* A node that takes a request and hangs up, once. */
static pid_t begin_deaf(const char *path)
{
    int listener, fd;
    char bytes[4096];
    pid_t child;

    unlink(path);
    assert_int_equal(local_listen(path, NULL, &listener), ERROR_NONE);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct pollfd ready = {listener, POLLIN, 0};

        poll(&ready, 1, 20000);
        fd = accept(listener, NULL, NULL);
        _exit(fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0 ? 0 : 1);
    }
    close(listener);
    return child;
}

static void end_deaf(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* A socket that takes the request and hangs up. A question goes on to the next
 * node; a change does not, as it may have been made. */
static void test_changes__are_never_given_to_a_second_node(void **state)
{
    struct scene *scene = *state;
    char words[1024], path[TEMP_DIRECTORY_BYTES + 16];
    pid_t deaf;

    snprintf(path, sizeof(path), "%s/deaf.sock", scene->directory);
    deaf = begin_deaf(path);
    snprintf(words, sizeof(words), "--socket '%s' --socket '%s' %s", path,
             scene->path, create);
    assert_int_equal(scene_run(scene, words, NULL), 6);
    end_deaf(deaf);
    HAS(scene->err, "hung up");
    assert_int_equal(scene->proposals, 0);
    deaf = begin_deaf(path);
    snprintf(words, sizeof(words), "--socket '%s' --socket '%s' users list",
             path, scene->path);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    end_deaf(deaf);
    deaf = begin_deaf(path);
    snprintf(words, sizeof(words), "-n --socket '%s' --socket '%s' %s", path,
             scene->path, create);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    end_deaf(deaf);
}

/* JSON tells failures, too: those of nodes and those of the tool. */
static void test_json__tells_every_end(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_run(scene, "--json rooms show nix", NULL), 1);
    HAS(scene->out, "\"result\": \"refused\"");
    HAS(scene->out, "\"outcome\": \"ROOM_UNKNOWN\"");
    HAS(scene->out, "\"code\": 404");
    assert_int_equal(scene_run(scene, "--json --socket /nix ping", NULL), 3);
    HAS(scene->out, "\"result\": \"unreachable\"");
    scene->weather = WEATHER_FORGETS;
    assert_int_equal(scene_run(scene, "--json users create dave", NULL), 6);
    HAS(scene->out, "\"result\": \"unknown\"");
}

int main(void)
{
#define TEST(name) RUN_IN(name, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_looks__need_a_leader_unless_stale),
        TEST(test_looks__end_in_time),
        TEST(test_everything__waits_for_the_state),
        TEST(test_dry_run__leaves_no_trace),
        TEST(test_changes__not_made_say_so),
        TEST(test_changes__of_unknown_fate_can_be_repeated),
        TEST(test_changes__never_heard_of_end_in_time),
        TEST(test_changes__made_by_another_meanwhile_hold),
        TEST(test_nodes__are_tried_in_turn),
        TEST(test_nodes__that_cannot_decide_are_passed_by),
        TEST(test_changes__are_never_given_to_a_second_node),
        TEST(test_json__tells_every_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

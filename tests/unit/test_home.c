/* A data directory: made once, opened again, set aside when it is damaged,
 * whatever step a crash falls into. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/core_message.h"
#include "raft/replica/home.h"
#include "raft/replica/identity.h"
#include "tests/sim/block_disk.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/quiet.h"

#define PATH "/node"

enum { SEGMENT_BYTES = 16 * 1024, STEPS_MAX = 400 };

struct scene {
    uint64_t random;
    struct loop *loop;
    struct disk *disk;
    struct transport_node nodes[3];
    struct replica_settings settings;
    struct home home;
};

static uint64_t draw(void *context)
{
    struct scene *scene = context;

    scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
    return scene->random >> 11;
}

static struct scene *scene_new(uint64_t seed)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->random = seed;
    scene->loop = fake_loop_new(seed);
    scene->disk = disk_new(PATH, draw, scene);
    for (unsigned i = 0; i < 3; i++) {
        scene->nodes[i].node = (uint8_t)(i + 1);
    }
    scene->settings = (struct replica_settings){.directory = PATH,
                                                .pool = {.bytes = {1}},
                                                .node = 2,
                                                .founding = true,
                                                .nodes = scene->nodes,
                                                .n_nodes = 3,
                                                .segment_bytes = SEGMENT_BYTES,
                                                .floor_bytes = 4096,
                                                .state = "state",
                                                .raft_loop = scene->loop};
    return scene;
}

static void scene_free(struct scene *scene)
{
    disk_free(scene->disk);
    fake_loop_free(scene->loop);
    free(scene);
}

static int set_up(void **state)
{
    *state = scene_new(1);
    return 0;
}

static int tear_down(void **state)
{
    scene_free(*state);
    return 0;
}

static void close_home(struct home *home)
{
    log_store_close(home->log);
    log_recovered_free(home->recovered);
    *home = (struct home){.log = NULL};
}

static enum error open_home(struct scene *scene)
{
    struct log_store_owner nobody = {0};

    return home_open(&scene->settings, &nobody, &scene->home);
}

/* Open, look who it is, close. */
static struct replica_identity visit(struct scene *scene)
{
    struct replica_identity identity;

    assert_int_equal(open_home(scene), ERROR_NONE);
    identity = scene->home.identity;
    close_home(&scene->home);
    return identity;
}

struct count {
    const char *prefix;
    size_t n;
    char last[128];
};

static void count_file(void *context, const char *path, size_t bytes)
{
    struct count *count = context;

    (void)bytes;
    if (strncmp(path, count->prefix, strlen(count->prefix)) == 0) {
        count->n++;
        strncpy(count->last, path, sizeof(count->last) - 1);
    }
}

static struct count files(struct scene *scene, const char *prefix)
{
    struct count count = {.prefix = prefix};

    disk_each(scene->disk, count_file, &count);
    return count;
}

/* A founder's name is its node, and its log begins with the pool. */
static void test_home_open__founds(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(open_home(scene), ERROR_NONE);
    assert_int_equal(scene->home.identity.raft_id, 2);
    assert_int_equal(scene->home.identity.node, 2);
    assert_int_equal(scene->home.recovered->n, 1);
    assert_int_equal(scene->home.recovered->term, 1);
    assert_int_equal(scene->home.recovered->entries[0].type,
                     CORE_ENTRY_MEMBERS);
    close_home(&scene->home);
}

/* What was made once is the same at every start, and founding is of no
 * account. */
static void test_home_open__is_the_same_again(void **state)
{
    struct scene *scene = *state;
    struct replica_identity first = visit(scene), again;

    scene->settings.founding = false;
    again = visit(scene);
    assert_int_equal(again.raft_id, first.raft_id);
    assert_int_equal(again.directory_id, first.directory_id);
    assert_int_equal(replica_format(&scene->settings), ERROR_EXISTS);
}

/* Who comes to an empty directory and founds nothing is a new member, with
 * nothing in its log. */
static void test_home_open__begins_an_incarnation(void **state)
{
    struct scene *scene = *state;

    scene->settings.founding = false;
    assert_int_equal(open_home(scene), ERROR_NONE);
    assert_true(scene->home.identity.raft_id > 255);
    assert_int_equal(scene->home.identity.raft_id & 0xff, 2);
    assert_int_equal(scene->home.recovered->n, 0);
    close_home(&scene->home);
}

/* Another pool's directory, or another node's, is left alone. */
static void test_home_open__refuses_anothers(void **state)
{
    struct scene *scene = *state;
    struct replica_identity first = visit(scene);

    scene->settings.pool.bytes[0] = 9;
    assert_int_equal(open_home(scene), ERROR_WRONG_POOL);
    scene->settings.pool.bytes[0] = 1;
    scene->settings.node = 3;
    assert_int_equal(open_home(scene), ERROR_WRONG_POOL);
    scene->settings.node = 2;
    assert_int_equal(visit(scene).directory_id, first.directory_id);
    assert_int_equal(files(scene, PATH "/rotted-").n, 0);
}

static void damage_log(struct scene *scene)
{
    struct count segment = files(scene, PATH "/log/segment-");

    assert_int_equal(segment.n, 1);
    assert_true(disk_flip_bit(scene->disk, segment.last, (4096 + 40) * 8));
}

static void put_state(struct scene *scene)
{
    assert_true(disk_put(scene->disk, PATH "/state/rows", "rows", 4));
}

/* A damaged log is kept, whole, beside the state that belongs to it, and the
 * node is another. */
static void test_home_open__sets_a_damaged_log_aside(void **state)
{
    struct scene *scene = *state;
    size_t n;

    visit(scene);
    put_state(scene);
    damage_log(scene);
    n = files(scene, PATH "/log/").n;
    assert_true(visit(scene).raft_id > 255);
    assert_int_equal(files(scene, PATH "/rotted-").n, n + 1);
    assert_int_equal(files(scene, PATH "/state/").n, 0);
    assert_int_equal(visit(scene).raft_id & 0xff, 2);
}

/* So is one that is gone, or whose identity cannot be read. */
static void test_home_open__knows_what_is_gone(void **state)
{
    struct scene *scene = *state;
    struct count log;

    visit(scene);
    while ((log = files(scene, PATH "/log/")).n > 0) {
        assert_true(disk_delete(scene->disk, log.last));
    }
    assert_true(visit(scene).raft_id > 255);
    assert_true(disk_flip_bit(scene->disk, PATH "/identity", 300));
    assert_true(visit(scene).raft_id > 255);
    assert_true(files(scene, PATH "/rotted-").n > 0);
}

/* A directory whose raft id the pool has removed is set aside as a damaged one
 * is, log, state and all, and what it makes of the node is not marked. */
static void test_home_mark_removed__makes_another(void **state)
{
    struct scene *scene = *state;
    struct replica_identity first = visit(scene), next;
    size_t n;

    put_state(scene);
    n = files(scene, PATH "/log/").n;
    assert_int_equal(home_mark_removed(PATH, &first), ERROR_NONE);
    next = visit(scene);
    assert_true(next.raft_id > 255);
    assert_int_not_equal(next.directory_id, first.directory_id);
    assert_false(next.removed);
    assert_int_equal(files(scene, PATH "/rotted-").n, n + 1);
    assert_int_equal(visit(scene).raft_id, next.raft_id);
}

/* In a pool of one node nobody could take it in again: the files stay, and the
 * error is told. */
static void test_home_open__single_node_stays(void **state)
{
    struct scene *scene = *state;

    scene->settings.nodes = &scene->nodes[1];
    scene->settings.n_nodes = 1;
    visit(scene);
    damage_log(scene);
    assert_int_equal(open_home(scene), ERROR_ROTTEN);
    assert_int_equal(files(scene, PATH "/rotted-").n, 0);
}

/* Setting aside on purpose has the same end. */
static void test_replica_set_aside__makes_another(void **state)
{
    struct scene *scene = *state;

    visit(scene);
    put_state(scene);
    scene->settings.founding = false;
    assert_int_equal(replica_set_aside(PATH, "state", 77), ERROR_NONE);
    assert_true(files(scene, PATH "/rotted-77/").n > 0);
    assert_int_equal(files(scene, PATH "/rotted-77-state/").n, 1);
    assert_true(visit(scene).raft_id > 255);
}

/* Wherever a crash falls into the first start, the second one founds; and
 * whoever was somebody stays it. */
static void test_home_open__founds_through_crashes(void **state)
{
    uint64_t steps = STEPS_MAX;

    (void)state;
    for (uint64_t step = 1; step < steps; step++) {
        struct scene *scene = scene_new(step);
        struct replica_identity first;

        disk_knobs(scene->disk)->stop_at_step = step;
        if (open_home(scene) == ERROR_NONE) {
            close_home(&scene->home);
            steps = disk_stopped(scene->disk) ? steps : step;
        }
        disk_stop(scene->disk);
        disk_crash(scene->disk);
        first = visit(scene);
        assert_int_equal(first.raft_id, 2);
        assert_int_equal(visit(scene).directory_id, first.directory_id);
        scene_free(scene);
    }
    assert_in_range(steps, 10, STEPS_MAX - 1);
}

static void remove_from_pool(struct scene *scene)
{
    struct replica_identity identity = visit(scene);

    assert_int_equal(home_mark_removed(PATH, &identity), ERROR_NONE);
}

static void come_back_through_crashes(void (*lose)(struct scene *scene))
{
    uint64_t steps = STEPS_MAX;

    for (uint64_t step = 1; step < steps; step++) {
        struct scene *scene = scene_new(step);

        visit(scene);
        put_state(scene);
        lose(scene);
        disk_knobs(scene->disk)->stop_at_step = disk_steps(scene->disk) + step;
        if (open_home(scene) == ERROR_NONE) {
            close_home(&scene->home);
            steps = disk_stopped(scene->disk) ? steps : step;
        }
        disk_stop(scene->disk);
        disk_crash(scene->disk);
        scene->settings.founding = step % 2 == 0;
        assert_true(visit(scene).raft_id > 255);
        assert_true(files(scene, PATH "/rotted-").n > 0);
        assert_int_equal(visit(scene).raft_id, visit(scene).raft_id);
        scene_free(scene);
    }
    assert_in_range(steps, 10, STEPS_MAX - 1);
}

/* Wherever a crash falls into coming back, the node comes back as another in
 * the end, and what was damaged is kept. */
static void test_home_open__comes_back_through_crashes(void **state)
{
    (void)state;
    come_back_through_crashes(damage_log);
    come_back_through_crashes(remove_from_pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_home_open__founds, set_up, tear_down),
        RUN_IN(test_home_open__is_the_same_again, set_up, tear_down),
        RUN_IN(test_home_open__begins_an_incarnation, set_up, tear_down),
        RUN_IN(test_home_open__refuses_anothers, set_up, tear_down),
        RUN_IN(test_home_open__sets_a_damaged_log_aside, set_up, tear_down),
        RUN_IN(test_home_open__knows_what_is_gone, set_up, tear_down),
        RUN_IN(test_home_mark_removed__makes_another, set_up, tear_down),
        RUN_IN(test_home_open__single_node_stays, set_up, tear_down),
        RUN_IN(test_replica_set_aside__makes_another, set_up, tear_down),
        RUN(test_home_open__founds_through_crashes),
        RUN(test_home_open__comes_back_through_crashes),
    };

    quiet_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

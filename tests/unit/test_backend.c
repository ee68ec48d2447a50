/* What a node believes of its own disk: a pool of three in virtual time, whose
 * guests go on talking while one host's past is in doubt. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/files.h"
#include "tests/sim/loop_sim.h"
#include "tests/sim/store_sim.h"
#include "tests/sim/town/town.h"
#include "tests/unit/quiet.h"

#define IN(test) RUN_IN(test, setup, teardown)

enum {
    POWER_CUTS = 8,
    HOSTS = 3,
    STEP_US = 50, /* From one look to the next. */
    WAIT_US = 120 * TOWN_SECOND,
    AWAY_US = 60 * TOWN_SECOND, /* More is said than a log keeps. */
    COPY_US = 20 * TOWN_SECOND, /* It is there by then. */
};

struct scene {
    struct town *town;
    struct host *host; /* Whose disk it is about; it does not lead. */
    uint64_t raft_id;  /* Who it was. */
};

static void assert_sound(const struct scene *scene)
{
    assert_string_equal(scene->town->ledger.violation.text, "");
}

static void pass(struct scene *scene, uint64_t us)
{
    struct schedule *schedule = scene->town->schedule;

    schedule_run_until(schedule, schedule_now_us(schedule) + us);
    assert_sound(scene);
}

static void await(struct scene *scene, bool (*holds)(struct scene *scene))
{
    for (uint64_t us = 0; !holds(scene); us += STEP_US) {
        assert_true(us < WAIT_US);
        pass(scene, STEP_US);
    }
}

static bool is_whole(struct scene *scene)
{
    return founder_is_done(scene->town) && town_is_whole(scene->town);
}

static bool is_down(struct scene *scene)
{
    return scene->host->backend == NULL;
}

static bool is_up(struct scene *scene)
{
    return host_is_up(scene->host);
}

static void start_all(struct scene *scene)
{
    struct town *town = scene->town;

    mishaps_begin(town);
    for (unsigned i = 0; i < HOSTS; i++) {
        host_start(&town->hosts[i]);
    }
    founder_begin(town);
    for (unsigned i = 0; i < town->n_guests; i++) {
        guest_begin(&town->guests[i]);
    }
    await(scene, is_whole);
    scene->host = &town->hosts[town_leader(town)->number % HOSTS];
    scene->raft_id = scene->host->raft_id;
}

/* In place of the town that is there, if one is. */
static void begin(struct scene *scene, uint64_t seed)
{
    /* Copies are wanted early, and take long enough to be cut short. */
    struct town_settings settings = {.seed = seed,
                                     .hosts = HOSTS,
                                     .always = 1u << MISHAP_SNAPSHOT |
                                               1u << MISHAP_SLOW};

    town_free(scene->town);
    scene->town = town_new(&settings);
    start_all(scene);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *state = scene;
    quiet_begin();
    begin(scene, 1);
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    town_free(scene->town);
    quiet_end();
    free(scene);
    return 0;
}

static void path_of(const struct scene *scene, const char *name,
                    char path[FILES_PATH_BYTES_MAX])
{
    assert_int_equal(files_path(path, scene->host->path, name), ERROR_NONE);
}

static bool is_marked(const struct scene *scene)
{
    char path[FILES_PATH_BYTES_MAX], byte;
    size_t got;

    path_of(scene, BACKEND_ROTTEN_NAME, path);
    return files_read(path, 0, &byte, 1, &got) == ERROR_NONE;
}

static void assert_rot_is_marked(struct scene *scene)
{
    char path[FILES_PATH_BYTES_MAX];

    path_of(scene, "store/store-1-0", path);
    scene->host->lost_disk = true; /* It may end, and come back as another. */
    assert_int_equal(store_sim_rot(path), ERROR_NONE);
    await(scene, is_down);
    assert_true(is_marked(scene));
    await(scene, is_up);
    assert_false(is_marked(scene));
    assert_int_not_equal(scene->host->raft_id, scene->raft_id);
    await(scene, is_whole);
}

/* What a reader finds rotten outlives the power that is cut at once, by which
 * some of what is not durable goes; the node comes back as another, which finds
 * no mark. */
static void test_backend_fatal__rot_is_marked(void **state)
{
    for (uint64_t seed = 1; seed <= POWER_CUTS; seed++) {
        begin(*state, seed);
        assert_rot_is_marked(*state);
    }
}

/* A mark counts whatever the disk says now, and counts once. */
static void test_backend_open__believes_the_mark(void **state)
{
    struct scene *scene = *state;
    char path[FILES_PATH_BYTES_MAX];
    uint64_t raft_id;

    host_close(scene->host);
    path_of(scene, BACKEND_ROTTEN_NAME, path);
    assert_int_equal(files_write(path, 0, "", 0), ERROR_NONE);
    scene->host->lost_disk = true;
    host_start(scene->host);
    raft_id = scene->host->raft_id;
    assert_int_not_equal(raft_id, scene->raft_id);
    await(scene, is_whole);
    host_kill(scene->host);
    host_start(scene->host);
    assert_int_equal(scene->host->raft_id, raft_id);
    await(scene, is_whole);
}

static enum error count(void *context, const struct files_entry *entry)
{
    (void)entry;
    *(unsigned *)context += 1;
    return ERROR_NONE;
}

/* Files of a copy are coming in. */
static bool is_copied(struct scene *scene)
{
    char path[FILES_PATH_BYTES_MAX];
    unsigned n = 0;

    path_of(scene, "staging/files", path);
    return files_list(path, count, &n) == ERROR_NONE && n > 0;
}

/* A copy is whole that the state has not come to. */
static bool is_staged(struct scene *scene)
{
    struct backend *backend = scene->host->backend;

    return replica_staged_index(backend_replica(backend)) >
           applier_applied(backend_applier(backend));
}

static bool is_level(struct scene *scene)
{
    return !is_staged(scene);
}

/* A power cut between a copy's arrival and its becoming the state, which has
 * not come to it, loses nothing: the node starts as itself and takes it over.
 */
static void test_backend_open__a_staged_copy_is_no_hole(void **state)
{
    struct scene *scene = *state;

    host_kill(scene->host);
    pass(scene, AWAY_US);
    host_start(scene->host);
    await(scene, is_copied);
    loop_sim_pause(scene->host->state_loop, 2 * COPY_US);
    pass(scene, COPY_US);
    host_kill(scene->host);
    host_start(scene->host);
    assert_true(is_staged(scene));
    assert_int_equal(scene->host->raft_id, scene->raft_id);
    await(scene, is_level);
    await(scene, is_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN(test_backend_fatal__rot_is_marked),
        IN(test_backend_open__believes_the_mark),
        IN(test_backend_open__a_staged_copy_is_no_hole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The core's log on the log store: what goes in comes back, completions wait
 * while they are held, and none comes after the end. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/replica/log_seam.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/quiet.h"

enum { WRITES = 4 };

struct scene {
    uint64_t random;
    struct loop *loop;
    struct disk *disk;
    struct log_store_options options;
    struct log_seam *seam;
    struct core_log log;
    struct core_write writes[WRITES];
    size_t n_done, loaded;
    enum error errors[WRITES];
};

static struct scene *scene_now;

static uint64_t draw(void *context)
{
    struct scene *scene = context;

    scene->random = scene->random * 6364136223846793005u + 1442695040888963407u;
    return scene->random >> 11;
}

/* Writes are done in the order they were asked for. */
static void on_done(struct core_write *write, enum error error)
{
    struct scene *scene = scene_now;

    assert_ptr_equal(write, &scene->writes[scene->n_done]);
    scene->errors[scene->n_done++] = error;
}

static void open_seam(struct scene *scene)
{
    struct log_store_owner nobody = {0};
    struct log_recovered *recovered = NULL;
    struct log_store *store = NULL;
    struct log_damage damage;

    assert_int_equal(log_store_open(scene->loop, &scene->options, &nobody,
                                    &store, &recovered, &damage),
                     ERROR_NONE);
    scene->seam = log_seam_new(store, recovered);
    scene->log = log_seam_functions(scene->seam);
    scene->n_done = 0;
}

static void close_seam(struct scene *scene)
{
    log_seam_close(scene->seam);
    log_seam_free(scene->seam);
    scene->seam = NULL;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    quiet_begin();
    scene_now = scene;
    scene->loop = fake_loop_new(1);
    scene->disk = disk_new("/log", draw, scene);
    scene->options = (struct log_store_options){.path = "/log",
                                                .identity = {{{1}}, 2},
                                                .segment_bytes = 64 * 1024,
                                                .floor_bytes = 4096};
    for (size_t i = 0; i < WRITES; i++) {
        scene->writes[i].done = on_done;
    }
    assert_int_equal(log_store_format(&scene->options), ERROR_NONE);
    open_seam(scene);
    assert_int_equal(scene->log.set_term(scene->seam, 3), ERROR_NONE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    log_seam_close(scene->seam);
    log_seam_free(scene->seam);
    disk_free(scene->disk);
    fake_loop_free(scene->loop);
    free(scene);
    return 0;
}

static void append(struct scene *scene, size_t at, uint64_t index)
{
    struct core_entry entry = {3, CORE_ENTRY_COMMAND,
                               SLICE_LITERAL("an entry of 24 bytes....")};

    assert_int_equal(
        scene->log.append(scene->seam, index, &entry, 1, &scene->writes[at]),
        ERROR_NONE);
}

static void count_entry(void *to, const struct core_entry *entry)
{
    struct scene *scene = to;

    assert_int_equal(entry->term, 3);
    assert_int_equal(entry->kind, CORE_ENTRY_COMMAND);
    assert_slice_text(entry->bytes, "an entry of 24 bytes....");
    scene->loaded++;
}

/* What was done is there at the next start, term, vote, snapshot and members
 * included. */
static void test_log_seam__loads_what_was_written(void **state)
{
    struct scene *scene = *state;
    struct core_image image;
    struct core_snapshot snapshot = {
        .index = 2,
        .term = 3,
        .members_index = 1,
        .members = {.n = 2, .list = {{1, CORE_VOTER}, {0x502, CORE_STANDBY}}},
        .bytes = SLICE_LITERAL("marker")};

    append(scene, 0, 1);
    append(scene, 1, 2);
    append(scene, 2, 3);
    assert_int_equal(scene->log.mark_snapshot(scene->seam, &snapshot, 1, false,
                                              &scene->writes[3]),
                     ERROR_NONE);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->n_done, 4);
    assert_int_equal(scene->log.set_vote(scene->seam, 0x502), ERROR_NONE);
    close_seam(scene);
    open_seam(scene);
    assert_int_equal(scene->log.load(scene->seam, &image, count_entry, scene),
                     ERROR_NONE);
    assert_int_equal(image.term, 3);
    assert_int_equal(image.vote, 0x502);
    assert_int_equal(image.first_index, 2);
    assert_int_equal(scene->loaded, 2);
    assert_int_equal(image.snapshot.index, 2);
    assert_int_equal(image.snapshot.members_index, 1);
    assert_int_equal(image.snapshot.members.n, 2);
    assert_int_equal(image.snapshot.members.list[1].id, 0x502);
    assert_int_equal(image.snapshot.members.list[1].role, CORE_STANDBY);
    assert_slice_text(image.snapshot.bytes, "marker");
}

/* Held completions come later, in order, before those that follow. */
static void test_log_seam_hold__delays_completions(void **state)
{
    struct scene *scene = *state;

    append(scene, 0, 1);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->n_done, 1);
    log_seam_hold(scene->seam, true);
    append(scene, 1, 2);
    append(scene, 2, 3);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->n_done, 1);
    log_seam_hold(scene->seam, false);
    assert_int_equal(scene->n_done, 3);
    append(scene, 3, 4);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->n_done, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(scene->errors[i], ERROR_NONE);
    }
}

/* After the end nothing is told, not even what close still writes. */
static void test_log_seam_close__tells_nothing(void **state)
{
    struct scene *scene = *state;

    log_seam_hold(scene->seam, true);
    append(scene, 0, 1);
    fake_loop_settle(scene->loop);
    append(scene, 1, 2);
    close_seam(scene);
    assert_int_equal(scene->n_done, 0);
}

/* Nor what was held back, once the core has given its writes up. */
static void test_log_seam_abandon__tells_nothing(void **state)
{
    struct scene *scene = *state;

    log_seam_hold(scene->seam, true);
    append(scene, 0, 1);
    fake_loop_settle(scene->loop);
    scene->log.abandon(scene->seam);
    log_seam_hold(scene->seam, false);
    assert_int_equal(scene->n_done, 0);
}

/* A write that fails is told to the core with its error. */
static void test_log_seam__tells_errors(void **state)
{
    struct scene *scene = *state;

    disk_knobs(scene->disk)->fail_at_step = disk_steps(scene->disk) + 1;
    disk_knobs(scene->disk)->fail_error = ERROR_IO;
    append(scene, 0, 1);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->n_done, 1);
    assert_int_equal(scene->errors[0], ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_log_seam__loads_what_was_written, set_up, tear_down),
        RUN_IN(test_log_seam_hold__delays_completions, set_up, tear_down),
        RUN_IN(test_log_seam_close__tells_nothing, set_up, tear_down),
        RUN_IN(test_log_seam_abandon__tells_nothing, set_up, tear_down),
        RUN_IN(test_log_seam__tells_errors, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

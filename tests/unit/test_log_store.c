#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/device.h"
#include "raft/log_store/block.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/log_scene.h"

enum { SEGMENT_BYTES = 64 * 1024 };

static int set_up(void **state)
{
    *state = scene_new(1, SEGMENT_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    scene_free(*state);
    return 0;
}

static void reopen(struct scene *scene)
{
    scene_close(scene);
    assert_int_equal(scene_open(scene), ERROR_NONE);
}

static struct log_store_status status_of(const struct scene *scene)
{
    struct log_store_status status;

    log_store_status(scene->store, &status);
    return status;
}

/* A completion never comes from inside the call, and they come in order (the
 * scene checks that), each batch of a turn in one write. */
static void test_log_store_append__completes_later(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 10; i++) {
        scene_append(scene, 2, 288);
    }
    assert_int_equal(scene->completed, 0);
    assert_int_equal(status_of(scene).queued, 10);
    fake_loop_step(scene->loop);
    assert_int_equal(scene->completed, 10);
    assert_int_equal(status_of(scene).syncs, 1);
    assert_int_equal(status_of(scene).entries, 20);
    assert_int_equal(status_of(scene).acknowledged_index, 20);
}

/* What is asked for while a write is under way goes out together in the next
 * one, and not before. */
static void test_log_store_append__gathers_while_writing(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 1, 288);
    fake_loop_hold(scene->loop, true);
    fake_loop_step(scene->loop);
    for (int i = 0; i < 100; i++) {
        scene_append(scene, 1, 288);
        fake_loop_step(scene->loop);
    }
    assert_int_equal(scene->completed, 0);
    fake_loop_hold(scene->loop, false);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->completed, 101);
    assert_int_equal(status_of(scene).syncs, 2);
}

/* One call may be longer than a batch and than a segment; it is completed once,
 * when all of it is durable. */
static void test_log_store_append__spans_segments(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 500, 1000);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->completed, 1);
    assert_true(status_of(scene).segments >= 8);
    reopen(scene);
    assert_int_equal(scene->next_index, 501);
}

/* An entry that no batch can hold is refused, and leaves no trace. */
static void test_log_store_append__refuses_too_large(void **state)
{
    struct scene *scene = *state;
    static uint8_t bytes[SEGMENT_BYTES];
    struct log_entry entries[2] = {
        {0, 1, slice_of(bytes, 8)},
        {0, 1, slice_of(bytes, sizeof(bytes) - 4096)},
    };

    assert_int_equal(log_store_append(scene->store, entries, 2, NULL, NULL),
                     ERROR_TOO_LARGE);
    assert_int_equal(status_of(scene).next_index, 1);
    assert_int_equal(status_of(scene).queued, 0);
    /* The largest that fits: a segment less its head and the headers. */
    scene_append(scene, 1, SEGMENT_BYTES - 4096 - 72 - 32);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->completed, 1);
    reopen(scene);
}

/* A truncate takes its place between the appends before and after it. */
static void test_log_store_truncate__then_append(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 20, 100);
    scene_truncate(scene, 11);
    scene_append(scene, 5, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(status_of(scene).next_index, 16);
    assert_int_equal(status_of(scene).acknowledged_index, 15);
    reopen(scene);
    assert_int_equal(scene->next_index, 16);
    scene_truncate(scene, 1);
    scene_append(scene, 1, 8);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->next_index, 2);
}

/* A truncate to the next index cuts nothing and writes nothing. */
static void test_log_store_truncate__nothing_to_cut(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 3, 100);
    scene_truncate(scene, 4);
    fake_loop_settle(scene->loop);
    assert_int_equal(status_of(scene).next_index, 4);
    reopen(scene);
}

/* A marker with trailing keeps that many entries up to its index, and all
 * after it, and drops the segments that hold none of them. */
static void test_log_store_snapshot_put__keeps_trailing(void **state)
{
    struct scene *scene = *state;
    size_t before;

    for (int i = 0; i < 40; i++) {
        scene_append(scene, 10, 1000);
        fake_loop_settle(scene->loop);
    }
    before = status_of(scene).segments;
    scene_snapshot(scene, 390, 20, 64);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->completed, 41);
    assert_true(before > 5 && status_of(scene).segments <= 2);
    assert_int_equal(status_of(scene).first_index, 371);
    reopen(scene);
    assert_int_equal(scene->first_index, 371);
    assert_int_equal(scene->next_index, 401);
    scene_append(scene, 10, 1000);
    fake_loop_settle(scene->loop);
    reopen(scene);
}

/* Segments that hold only what was cut are dropped too: what counts is where
 * an entry was written last. */
static void test_log_store_snapshot_put__drops_cut_segments(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 40; i++) {
        scene_append(scene, 10, 1000);
        fake_loop_settle(scene->loop);
    }
    scene_truncate(scene, 50);
    scene_append(scene, 20, 100);
    scene_snapshot(scene, 60, 5, 64);
    fake_loop_settle(scene->loop);
    assert_true(status_of(scene).segments <= 2);
    reopen(scene);
    assert_int_equal(scene->first_index, 56);
    assert_int_equal(scene->next_index, 70);
}

/* A marker without trailing replaces the log: nothing is kept, and the next
 * entry follows the snapshot, be the log before longer or shorter. */
static void test_log_store_snapshot_put__replaces(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 30, 1000);
    scene_snapshot(scene, 1000, 0, 600);
    scene_append(scene, 5, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(status_of(scene).next_index, 1006);
    reopen(scene);
    assert_int_equal(scene->first_index, 1001);
    assert_int_equal(scene->next_index, 1006);
    scene_snapshot(scene, 1002, 0, 600);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->first_index, 1003);
    assert_int_equal(scene->next_index, 1003);
}

/* Term and vote are durable when the call returns, and a new term has no
 * vote. */
static void test_log_store_set_term__clears_vote(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(log_store_set_term(scene->store, 7), ERROR_NONE);
    assert_int_equal(log_store_set_vote(scene->store, 3), ERROR_NONE);
    scene->model.term_asked = 7;
    scene->model.vote_asked = 3;
    scene_crash(scene);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene->model.vote, 3);
    assert_int_equal(log_store_set_term(scene->store, 8), ERROR_NONE);
    assert_int_equal(status_of(scene).vote, 0);
    scene->model.term_asked = 8;
    scene->model.vote_asked = 0;
    scene_crash(scene);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene->model.term, 8);
    assert_int_equal(scene->model.vote, 0);
}

/* An ordered cut happens at the next start, once, and not before. */
static void test_log_store_cut_at_next_start__cuts_once(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 20, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene_cut(scene, 15), ERROR_NONE);
    assert_int_equal(scene_cut(scene, 12), ERROR_NONE);
    assert_int_equal(scene_cut(scene, 18), ERROR_NONE);
    assert_int_equal(status_of(scene).next_index, 21);
    scene_crash(scene);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene->next_index, 12);
    scene_append(scene, 10, 100);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->next_index, 22);
}

/* What a snapshot has covered since the order was given is committed, and
 * stays; what is behind it goes. */
static void test_log_store_cut_at_next_start__spares_the_snapshot(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 20, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene_cut(scene, 5), ERROR_NONE);
    scene_snapshot(scene, 10, 8, 40);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->next_index, 11);
    reopen(scene);
    assert_int_equal(scene->next_index, 11);
}

/* A cut order above the end of the log cuts nothing and is forgotten. */
static void test_log_store_cut_at_next_start__nothing_there(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 5, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene_cut(scene, 6), ERROR_NONE);
    reopen(scene);
    scene_append(scene, 5, 100);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->next_index, 11);
}

/* The first batch of a segment is marked at once. When batches stop later, the
 * vote file knows the last of them 10 ms after it, and before that nothing is
 * written for it. */
static void test_log_store__marks_when_idle(void **state)
{
    struct scene *scene = *state;
    uint64_t marks = status_of(scene).marks;

    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(status_of(scene).marks, marks + 1);
    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    marks = status_of(scene).marks;
    fake_loop_pass(scene->loop, (LOG_MARK_DELAY_MS - 1) * 1000);
    assert_int_equal(status_of(scene).marks, marks);
    fake_loop_pass(scene->loop, 1000);
    assert_int_equal(status_of(scene).marks, marks + 1);
    fake_loop_pass(scene->loop, 1000000);
    assert_int_equal(status_of(scene).marks, marks + 1);
}

/* Marks take turns in their two blocks, so that one that is cut short leaves
 * the one before. */
static void test_log_store__marks_in_turn(void **state)
{
    struct scene *scene = *state;
    uint8_t before[4 * LOG_BLOCK_BYTES];
    size_t len, turn = 0;

    for (int i = 0; i < 6; i++) {
        const uint8_t *vote = disk_bytes(scene->disk, SCENE_PATH "/vote", &len);
        bool changed[2];

        memcpy(before, vote, sizeof(before));
        scene_append(scene, 1, 100);
        fake_loop_pass(scene->loop, LOG_MARK_DELAY_MS * 1000);
        for (size_t j = 0; j < 2; j++) {
            changed[j] =
                memcmp(before + (2 + j) * LOG_BLOCK_BYTES,
                       vote + (2 + j) * LOG_BLOCK_BYTES, LOG_BLOCK_BYTES) != 0;
        }
        assert_true(changed[0] != changed[1]);
        assert_true(i == 0 || changed[turn]);
        turn = changed[0] ? 1 : 0;
    }
}

/* Under load the next batch says what a mark would; only now and then one cuts
 * in. */
static void test_log_store__marks_seldom_under_load(void **state)
{
    struct scene *scene = *state;
    uint64_t marks;

    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    scene_close(scene);
    scene->options.segment_bytes = 1024 * 1024;
    assert_int_equal(scene_open(scene), ERROR_NONE);
    while (status_of(scene).segments == 1) {
        scene_append(scene, 1, 100); /* Into the longer segment. */
        fake_loop_settle(scene->loop);
    }
    fake_loop_pass(scene->loop, LOG_MARK_DELAY_MS * 1000);
    marks = status_of(scene).marks;
    for (int i = 0; i < 200; i++) {
        scene_append(scene, 1, 100);
        fake_loop_pass(scene->loop, (LOG_MARK_DELAY_MS - 1) * 1000);
    }
    assert_in_range(status_of(scene).marks, marks + 2, marks + 4);
}

/* The next segment is ready before this one is full, so that no append waits
 * for it, also when the queue is never empty. */
static void test_log_store__prepares_ahead(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 400; i++) {
        scene_append(scene, 1, 3000);
        fake_loop_step(scene->loop);
    }
    fake_loop_settle(scene->loop);
    assert_true(status_of(scene).segments > 10);
    assert_int_equal(status_of(scene).spare_waits, 0);
}

/* A write that hangs is reported, again and again, and the store goes on when
 * it ends. */
static void test_log_store__reports_stalls(void **state)
{
    struct scene *scene = *state;

    fake_loop_settle(scene->loop);
    scene_append(scene, 1, 100);
    fake_loop_hold(scene->loop, true);
    fake_loop_pass(scene->loop, (LOG_STALL_MS - 1) * 1000);
    assert_int_equal(scene->stalled_ms, 0);
    fake_loop_pass(scene->loop, 1000);
    assert_int_equal(scene->stalled_ms, LOG_STALL_MS);
    fake_loop_pass(scene->loop, LOG_STALL_MS * 1000);
    assert_int_equal(scene->stalled_ms, 2 * LOG_STALL_MS);
    assert_int_equal(status_of(scene).stalls, 2);
    fake_loop_hold(scene->loop, false);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->completed, 1);
    fake_loop_pass(scene->loop, 2 * LOG_STALL_MS * 1000);
    assert_int_equal(status_of(scene).stalls, 2);
}

/* A failed write is told to the owner first and to every caller, and nothing
 * is written after it: no batch, no mark, no vote, not by closing either. */
static void test_log_store__stops_at_first_error(void **state)
{
    struct scene *scene = *state;
    struct disk_knobs *knobs = disk_knobs(scene->disk);
    uint64_t steps;

    scene_append(scene, 5, 100);
    fake_loop_settle(scene->loop);
    knobs->fail_at_step = disk_steps(scene->disk) + 1;
    knobs->fail_error = ERROR_IO;
    scene_append(scene, 1, 100);
    fake_loop_step(scene->loop);
    assert_int_equal(scene->told_failed, 1);
    assert_int_equal(scene->failed, 1);
    steps = disk_steps(scene->disk);
    scene_append(scene, 1, 100);
    assert_int_equal(scene->failed, 1); /* Not from inside the call. */
    fake_loop_pass(scene->loop, 1000000);
    assert_int_equal(scene->failed, 2);
    assert_int_equal(scene->told_failed, 1);
    assert_int_equal(log_store_set_term(scene->store, 5), ERROR_IO);
    assert_int_equal(log_store_set_vote(scene->store, 5), ERROR_IO);
    assert_int_equal(log_store_cut_at_next_start(scene->store, 2), ERROR_IO);
    assert_int_equal(status_of(scene).error, ERROR_IO);
    scene_append(scene, 1, 100);
    scene_close(scene);
    assert_int_equal(scene->failed, 3);
    assert_int_equal(disk_steps(scene->disk), steps);
}

/* Nor is what was queued behind the write that fails while closing. */
static void test_log_store_close__stops_at_first_error(void **state)
{
    struct scene *scene = *state;
    struct disk_knobs *knobs = disk_knobs(scene->disk);
    uint64_t steps;

    fake_loop_settle(scene->loop);
    steps = disk_steps(scene->disk);
    scene_append(scene, 1, 100);
    fake_loop_hold(scene->loop, true);
    fake_loop_step(scene->loop);
    scene_append(scene, 1, 100);
    knobs->fail_at_step = steps + 1;
    knobs->fail_error = ERROR_IO;
    scene_close(scene);
    assert_int_equal(scene->completed, 2);
    assert_int_equal(scene->failed, 2);
    assert_int_equal(disk_steps(scene->disk), steps + 1);
    fake_loop_hold(scene->loop, false);
}

/* A vote that cannot be written is refused by the call itself and stops the
 * store. */
static void test_log_store_set_vote__reports_error(void **state)
{
    struct scene *scene = *state;
    struct disk_knobs *knobs = disk_knobs(scene->disk);

    fake_loop_settle(scene->loop);
    knobs->fail_at_step = disk_steps(scene->disk) + 1;
    knobs->fail_error = ERROR_IO;
    assert_int_equal(scene_vote(scene, 3, 1), ERROR_IO);
    assert_int_equal(status_of(scene).term, 0);
    assert_int_equal(scene->told_failed, 0);
    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->failed, 1);
}

/* Close writes what is queued and leaves a mark. */
static void test_log_store_close__writes_queue(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 1, 100);
    fake_loop_hold(scene->loop, true);
    fake_loop_step(scene->loop);
    scene_append(scene, 70, 1000);
    scene_close(scene);
    assert_int_equal(scene->completed, 2);
    assert_int_equal(scene->failed, 0);
    fake_loop_hold(scene->loop, false);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene->next_index, 72);
}

static uint64_t free_bytes(void)
{
    struct device *device = NULL;
    uint64_t bytes = 0;

    assert_int_equal(device_open(SCENE_PATH, &device), ERROR_NONE);
    assert_int_equal(device_free_bytes(device, &bytes), ERROR_NONE);
    device_close(device);
    return bytes;
}

/* The log takes no segment from below the floor, which is for others. */
static void test_log_store__leaves_the_floor(void **state)
{
    struct scene *scene = *state;

    scene_close(scene);
    scene->options.floor_bytes = SEGMENT_BYTES * 3 / 2;
    disk_knobs(scene->disk)->capacity_bytes = SEGMENT_BYTES * 10;
    assert_int_equal(scene_open(scene), ERROR_NONE);
    while (scene->failed == 0) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
    }
    assert_int_equal(status_of(scene).error, ERROR_NO_SPACE);
    assert_in_range(free_bytes(), SEGMENT_BYTES * 3 / 2, SEGMENT_BYTES * 5 / 2);
}

/* Nor when others have taken from the floor themselves. */
static void test_log_store__leaves_what_is_below_the_floor(void **state)
{
    struct scene *scene = *state;
    uint64_t *capacity = &disk_knobs(scene->disk)->capacity_bytes;

    scene_close(scene);
    scene->options.floor_bytes = SEGMENT_BYTES * 3 / 2;
    assert_int_equal(scene_open(scene), ERROR_NONE);
    scene_append(scene, 1, 4000);
    fake_loop_settle(scene->loop);
    *capacity = SEGMENT_BYTES * 10;
    *capacity -= free_bytes() - SEGMENT_BYTES * 5 / 4;
    while (scene->failed == 0) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
    }
    assert_int_equal(free_bytes(), SEGMENT_BYTES * 5 / 4);
}

/* A disk too full for another segment is warned of while the one in use has
 * room, and stops the store, with the right error, only when it has none. */
static void test_log_store__disk_full(void **state)
{
    struct scene *scene = *state;
    size_t before;

    fake_loop_settle(scene->loop); /* Segment 1; the spare one is not yet. */
    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    disk_knobs(scene->disk)->capacity_bytes = SEGMENT_BYTES * 3;
    while (status_of(scene).spare_error == ERROR_NONE) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
        assert_int_equal(scene->failed, 0);
    }
    assert_int_equal(status_of(scene).spare_error, ERROR_NO_SPACE);
    before = scene->completed;
    while (scene->failed == 0) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
    }
    assert_true(scene->completed > before + 4);
    assert_int_equal(status_of(scene).error, ERROR_NO_SPACE);
    assert_int_equal(scene->told_failed, 1);
}

/* When room returns in time, the next segment is made and nobody notices. */
static void test_log_store__disk_full_passes(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 1, 100);
    fake_loop_settle(scene->loop);
    disk_knobs(scene->disk)->capacity_bytes = SEGMENT_BYTES * 2;
    while (status_of(scene).spare_error == ERROR_NONE) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
    }
    disk_knobs(scene->disk)->capacity_bytes = 0;
    fake_loop_pass(scene->loop, (LOG_SPARE_RETRY_MS + 1) * 1000);
    fake_loop_settle(scene->loop);
    assert_int_equal(status_of(scene).spare_error, ERROR_NONE);
    assert_true(status_of(scene).spare_ready);
    for (int i = 0; i < 30; i++) {
        scene_append(scene, 1, 4000);
        fake_loop_settle(scene->loop);
    }
    assert_int_equal(scene->failed, 0);
}

/* Below the floor a log does not open, and is not touched. */
static void test_log_store_open__refuses_below_floor(void **state)
{
    struct scene *scene = *state;
    uint64_t steps;

    scene_close(scene);
    steps = disk_steps(scene->disk);
    disk_knobs(scene->disk)->capacity_bytes = 10 * SEGMENT_BYTES;
    scene->options.floor_bytes = free_bytes() + 1;
    assert_int_equal(scene_open(scene), ERROR_NO_SPACE);
    assert_int_equal(disk_steps(scene->disk), steps);
    scene->options.floor_bytes--;
    assert_int_equal(scene_open(scene), ERROR_NONE);
}

/* A directory that was never formatted is one that forgot; a formatted one is
 * not formatted again. */
static void test_log_store_format__once(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(log_store_format(&scene->options), ERROR_EXISTS);
    scene_close(scene);
    scene->options.path = "/node/other";
    assert_int_equal(scene_open(scene), ERROR_FORGOTTEN);
    assert_string_equal(scene->damage.file, "vote");
    assert_int_equal(log_store_format(&scene->options), ERROR_NONE);
    assert_int_equal(scene_open(scene), ERROR_NONE);
}

/* What was formatted is there after a crash. */
static void test_log_store_format__is_durable(void **state)
{
    struct scene *scene = *state;

    scene_close(scene);
    scene->options.path = "/node/other";
    for (int i = 0; i < 20; i++) {
        assert_int_equal(log_store_format(&scene->options), ERROR_NONE);
        disk_crash(scene->disk);
        assert_int_equal(scene_open(scene), ERROR_NONE);
        scene_close(scene);
        assert_true(disk_delete(scene->disk, "/node/other/vote"));
        assert_true(
            disk_delete(scene->disk, "/node/other/segment-0000000000000001"));
    }
}

/* Formatting that a crash cut short at any step can be done again. */
static void test_log_store_format__survives_crash(void **state)
{
    struct scene *scene = *state;
    enum error error = ERROR_IO;

    scene->options.path = "/node/other";
    for (uint64_t step = 1; error != ERROR_NONE; step++) {
        assert_true(step < 50);
        disk_knobs(scene->disk)->stop_at_step = disk_steps(scene->disk) + step;
        error = log_store_format(&scene->options);
        if (error != ERROR_NONE) {
            disk_crash(scene->disk);
            error = log_store_format(&scene->options);
            assert_true(error == ERROR_NONE || error == ERROR_EXISTS);
            scene_close(scene);
            assert_int_equal(scene_open(scene), ERROR_NONE);
            scene_close(scene);
            assert_true(disk_delete(scene->disk, "/node/other/vote"));
            assert_true(disk_delete(scene->disk,
                                    "/node/other/segment-0000000000000001"));
            error = ERROR_IO;
        }
    }
    disk_knobs(scene->disk)->stop_at_step = 0;
}

/* Another segment size than the one the log was made with is taken up with the
 * next segment. */
static void test_log_store_open__takes_other_segment_bytes(void **state)
{
    struct scene *scene = *state;

    scene_append(scene, 100, 1000);
    fake_loop_settle(scene->loop);
    scene_close(scene);
    scene->options.segment_bytes = 2 * SEGMENT_BYTES;
    assert_int_equal(scene_open(scene), ERROR_NONE);
    scene_append(scene, 1, 100000);
    scene_append(scene, 100, 1000);
    fake_loop_settle(scene->loop);
    scene_close(scene);
    scene->options.segment_bytes = 16 * 1024;
    assert_int_equal(scene_open(scene), ERROR_NONE);
    scene_append(scene, 100, 1000);
    fake_loop_settle(scene->loop);
    reopen(scene);
    assert_int_equal(scene->next_index, 302);
}

static void count_segments(void *context, const char *path, size_t bytes)
{
    (void)bytes;
    *(size_t *)context += strstr(path, "/segment-") != NULL;
}

/* Segments that a marker makes unneeded, and that a crash kept from being
 * dropped, are dropped at the next start, also when some are gone already. */
static void test_log_store_open__finishes_dropping(void **state)
{
    struct scene *scene = *state;
    size_t before = 0, after = 0;

    for (int i = 0; i < 40; i++) {
        scene_append(scene, 10, 1000);
        fake_loop_settle(scene->loop);
    }
    scene_snapshot(scene, 390, 5, 64);
    fake_loop_step(scene->loop); /* The marker is written, no more. */
    assert_int_equal(scene->completed, 41);
    scene_crash(scene);
    disk_each(scene->disk, count_segments, &before);
    assert_true(
        disk_delete(scene->disk, SCENE_PATH "/segment-0000000000000003"));
    assert_int_equal(scene_open(scene), ERROR_NONE);
    disk_each(scene->disk, count_segments, &after);
    assert_true(before > 6 && after <= 3);
    scene_append(scene, 10, 1000);
    fake_loop_settle(scene->loop);
    reopen(scene);
}

/* Files that are not the log's are neither read nor removed. */
static void test_log_store_open__leaves_other_files(void **state)
{
    struct scene *scene = *state;
    size_t len;

    scene_close(scene);
    disk_put(scene->disk, SCENE_PATH "/segment-1", "x", 1);
    disk_put(scene->disk, SCENE_PATH "/segment-000000000000000x", "x", 1);
    disk_put(scene->disk, SCENE_PATH "/README", "x", 1);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_non_null(disk_bytes(scene->disk, SCENE_PATH "/segment-1", &len));
    assert_non_null(disk_bytes(scene->disk, SCENE_PATH "/README", &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_log_store_append__completes_later, set_up, tear_down),
        RUN_IN(test_log_store_append__gathers_while_writing, set_up, tear_down),
        RUN_IN(test_log_store_append__spans_segments, set_up, tear_down),
        RUN_IN(test_log_store_append__refuses_too_large, set_up, tear_down),
        RUN_IN(test_log_store_truncate__then_append, set_up, tear_down),
        RUN_IN(test_log_store_truncate__nothing_to_cut, set_up, tear_down),
        RUN_IN(test_log_store_snapshot_put__keeps_trailing, set_up, tear_down),
        RUN_IN(test_log_store_snapshot_put__drops_cut_segments, set_up,
               tear_down),
        RUN_IN(test_log_store_snapshot_put__replaces, set_up, tear_down),
        RUN_IN(test_log_store_set_term__clears_vote, set_up, tear_down),
        RUN_IN(test_log_store_cut_at_next_start__cuts_once, set_up, tear_down),
        RUN_IN(test_log_store_cut_at_next_start__spares_the_snapshot, set_up,
               tear_down),
        RUN_IN(test_log_store_cut_at_next_start__nothing_there, set_up,
               tear_down),
        RUN_IN(test_log_store__marks_when_idle, set_up, tear_down),
        RUN_IN(test_log_store__marks_in_turn, set_up, tear_down),
        RUN_IN(test_log_store__marks_seldom_under_load, set_up, tear_down),
        RUN_IN(test_log_store__prepares_ahead, set_up, tear_down),
        RUN_IN(test_log_store__reports_stalls, set_up, tear_down),
        RUN_IN(test_log_store__stops_at_first_error, set_up, tear_down),
        RUN_IN(test_log_store_close__stops_at_first_error, set_up, tear_down),
        RUN_IN(test_log_store_set_vote__reports_error, set_up, tear_down),
        RUN_IN(test_log_store_close__writes_queue, set_up, tear_down),
        RUN_IN(test_log_store__leaves_the_floor, set_up, tear_down),
        RUN_IN(test_log_store__leaves_what_is_below_the_floor, set_up,
               tear_down),
        RUN_IN(test_log_store__disk_full, set_up, tear_down),
        RUN_IN(test_log_store__disk_full_passes, set_up, tear_down),
        RUN_IN(test_log_store_open__refuses_below_floor, set_up, tear_down),
        RUN_IN(test_log_store_format__once, set_up, tear_down),
        RUN_IN(test_log_store_format__is_durable, set_up, tear_down),
        RUN_IN(test_log_store_format__survives_crash, set_up, tear_down),
        RUN_IN(test_log_store_open__takes_other_segment_bytes, set_up,
               tear_down),
        RUN_IN(test_log_store_open__finishes_dropping, set_up, tear_down),
        RUN_IN(test_log_store_open__leaves_other_files, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

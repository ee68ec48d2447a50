#include "tests/unit/snapshot_scene.h"

#include <stdio.h>
#include <string.h>

#include "raft/device.h"
#include "tests/sim/block_disk_rot.h"

/* A checkpoint as a store makes one: short files, an empty one, one that ends
 * with a chunk and one that needs many. */
static const struct scene_file some[] = {
    {"000012.sst", 10 * SCENE_CHUNK_BYTES + 77, 1},
    {"000013.sst", 3 * SCENE_CHUNK_BYTES, 2},
    {"000014.log", 0, 3},
    {"CURRENT", 16, 4},
    {"MANIFEST-000005", 900, 5},
};

enum { SOME_BYTES = 13 * SCENE_CHUNK_BYTES + 77 + 16 + 900 };

/* One file larger than what may be unsynced. */
static const struct scene_file large[] = {
    {"000001.sst", 3 * SNAPSHOT_STAGE_SYNC_BYTES, 9},
};

static struct copier *follow_some(struct scene *scene)
{
    struct copier *copier = scene_follow(scene, 0);

    scene_offer(scene, 500, SCENE_FILES(some));
    return copier;
}

/* Every file arrives as it was, no other, and only then ready is told. */
static void test_snapshot_fetch__copies_all(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct snapshot_fetch_status status;

    scene_copy(copier);
    assert_int_equal(copier->readies, 0);
    assert_false(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(copier->failures, 0);
    assert_int_equal(copier->index, 500);
    scene_check_files(copier->directory, SCENE_FILES(some));
    assert_true(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    status = snapshot_fetch_status(copier->fetch);
    assert_int_equal(status.state, SNAPSHOT_FETCH_WHOLE);
    assert_int_equal(status.bytes, SOME_BYTES);
    assert_int_equal(status.bytes_here, SOME_BYTES);
    assert_int_equal(status.files_here, 5);
    assert_int_equal(status.fetched, SOME_BYTES);
    assert_int_equal(status.bad, 0);
}

/* A checkpoint without files is whole at once. */
static void test_snapshot_fetch__nothing_to_copy(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);

    scene_offer(scene, 3, NULL, 0);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(scene_count_files(copier->directory), 0);
}

/* Whenever the power goes, in whichever step on the disk, the next start goes
 * on and ends with the whole copy; and what was whole before the cut stays. */
static void test_snapshot_fetch__crash_at_every_step(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);
    bool stopped = true;
    unsigned cuts = 0;

    scene_offer(scene, 500, SCENE_FILES(some));
    for (uint64_t step = 1; stopped; step++) {
        int readies = copier->readies;

        disk_knobs(copier->disk)->stop_at_step =
            disk_steps(copier->disk) + step;
        scene_copy(copier);
        while (!disk_stopped(copier->disk) && scene_step(scene)) {
        }
        stopped = disk_stopped(copier->disk);
        assert_true(stopped || copier->readies == readies + 1);
        cuts += stopped;
        scene_crash(copier);
        scene_follow(scene, 0);
        if (copier->readies == readies) {
            scene_copy(copier);
            scene_settle(scene);
        }
        assert_true(copier->readies > readies);
        scene_check_files(copier->directory, SCENE_FILES(some));
        assert_true(snapshot_fetch_holds(copier->fetch,
                                         buffer_slice(&scene->manifest)));
        snapshot_fetch_forget(copier->fetch);
        fake_loop_settle(scene->loop);
    }
    assert_true(copier->failures <= (int)cuts); /* Last words. */
    assert_true(cuts > 20);                     /* Steps of one copy. */
}

/* Copy most of the large file, cut the power, and copy the rest. */
static void copy_large_in_two(struct scene *scene, struct copier *copier)
{
    struct snapshot_fetch_status status = {0};
    uint64_t before;

    scene_copy(copier);
    do {
        assert_true(scene_step(scene));
        before = snapshot_fetch_status(copier->fetch).bytes_here;
    } while (before < SNAPSHOT_STAGE_SYNC_BYTES * 11 / 4);
    scene_crash(copier);
    scene_follow(scene, 0);
    scene_copy(copier);
    scene_settle(scene);
    scene_check_files(copier->directory, SCENE_FILES(large));
    status = snapshot_fetch_status(copier->fetch);
    assert_true(status.fetched <=
                large[0].bytes - before + 2 * SNAPSHOT_STAGE_SYNC_BYTES);
    assert_true(status.fetched < large[0].bytes);
    assert_int_equal(status.bad, 0);
}

/* After a restart a large file goes on where it was, but for what was not
 * synced, and for as much again, which may not have been; nothing that a power
 * cut has spoilt is built upon. */
static void test_snapshot_fetch__goes_on_by_offset(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = &scene->copiers[0];

    copier->chunk_bytes = PEER_CHUNK_BYTES_MAX;
    scene_follow(scene, 0);
    scene_offer(scene, 1, SCENE_FILES(large));
    for (int i = 1; i <= 8; i++) {
        copy_large_in_two(scene, copier);
        assert_int_equal(copier->readies, i);
        snapshot_fetch_forget(copier->fetch);
        scene_settle(scene);
    }
}

/* Within one process what was compared is known: a copy that is stopped and
 * begun again goes on with the very next byte. */
static void test_snapshot_fetch__goes_on_after_a_stop(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = &scene->copiers[0];

    copier->chunk_bytes = PEER_CHUNK_BYTES_MAX;
    scene_follow(scene, 0);
    scene_offer(scene, 1, SCENE_FILES(large));
    for (unsigned i = 0; copier->readies == 0; i++) {
        scene_copy(copier);
        for (unsigned k = 0; k < 40 && scene_step(scene); k++) {
        }
        snapshot_fetch_stop(copier->fetch);
        scene_settle(scene);
        assert_true(i < 100);
    }
    scene_check_files(copier->directory, SCENE_FILES(large));
    assert_true(snapshot_fetch_status(copier->fetch).fetched <
                2 * large[0].bytes);
}

/* A connection that breaks in the middle costs only what was on the wire. */
static void test_snapshot_fetch__broken_connection(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    for (unsigned i = 0; scene_step(scene); i++) {
        if (i % 7 == 6) {
            scene_break(scene);
        }
    }
    assert_int_equal(copier->readies, 1);
    scene_check_files(copier->directory, SCENE_FILES(some));
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched, SOME_BYTES);
}

/* While nothing can be sent the fetch waits, asks again by the clock when it
 * can, and gives up in the end. */
static void test_snapshot_fetch__cut_off(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(scene_step(scene));
    }
    scene->cut = true;
    scene_settle(scene);
    fake_loop_pass(scene->loop, (SNAPSHOT_FETCH_SILENT_MS - 2500) * 1000u);
    assert_int_equal(copier->failures, 0);
    scene->cut = false;
    fake_loop_pass(scene->loop, SNAPSHOT_FETCH_RETRY_MS * 1000u);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);

    snapshot_fetch_forget(copier->fetch);
    scene_copy(copier);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(scene_step(scene));
    }
    scene->cut = true;
    scene_settle(scene);
    fake_loop_pass(scene->loop,
                   (SNAPSHOT_FETCH_SILENT_MS + SNAPSHOT_FETCH_RETRY_MS) *
                       1000u);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_TIMED_OUT);
    assert_int_equal(snapshot_fetch_status(copier->fetch).state,
                     SNAPSHOT_FETCH_IDLE);
}

/* A sender that takes its time, but sends, is waited for; what it sends twice,
 * because it was asked twice, does no harm. */
static void test_snapshot_fetch__slow_sender(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    while (copier->readies == 0) {
        scene->hold = true;
        fake_loop_pass(scene->loop, 3 * SNAPSHOT_FETCH_RETRY_MS * 1000u);
        scene->hold = false;
        for (unsigned i = 0; i < 60 && scene_step(scene); i++) {
        }
        assert_int_equal(copier->failures, 0);
    }
    scene_check_files(copier->directory, SCENE_FILES(some));
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched, SOME_BYTES);
    assert_int_equal(snapshot_fetch_status(copier->fetch).bad, 0);
}

/* A disk that hangs is no silence of the other node, which is shown a sign of
 * life so that it keeps the checkpoint. */
static void test_snapshot_fetch__slow_disk(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct snapshot_fetch *fetch = copier->fetch;

    scene_copy(copier);
    while (snapshot_fetch_status(fetch).fetched < 2 * SCENE_CHUNK_BYTES) {
        assert_true(scene_step(scene));
    }
    fake_loop_hold(scene->loop, true);
    for (unsigned i = 0; i < 40; i++) {
        fake_loop_pass(scene->loop, SNAPSHOT_FETCH_TOUCH_MS / 2 * 1000u);
        scene_settle(scene); /* The leader gets the signs of life. */
    }
    fake_loop_hold(scene->loop, false);
    scene_settle(scene);
    fake_loop_pass(scene->loop, SNAPSHOT_FETCH_RETRY_MS * 1000u);
    scene_settle(scene);
    assert_int_equal(copier->failures, 0);
    assert_int_equal(scene->drops, 0);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(snapshot_fetch_status(fetch).bad, 0);
}

/* A chunk with a turned bit is found out and comes again, however many there
 * are in all. */
static void test_snapshot_fetch__flipped_chunks(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene->flip_every = 4;
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    scene_check_files(copier->directory, SCENE_FILES(some));
    assert_true(snapshot_fetch_status(copier->fetch).bad >
                SNAPSHOT_FETCH_BAD_MAX);
}

/* A path that damages everything is given up, and named. */
static void test_snapshot_fetch__all_chunks_flipped(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene->flip_every = 1;
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 0);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_MALFORMED);
    assert_int_equal(snapshot_fetch_status(copier->fetch).bad,
                     SNAPSHOT_FETCH_BAD_MAX);
}

/* A file that is not what the manifest says, chunk by chunk right though it
 * came, is never delivered. */
static void test_snapshot_fetch__file_differs(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct scene_file other = some[1];

    other.seed = 99;
    scene_write_file("/leader/checkpoint/0", &other);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 0);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_ROTTEN);
    assert_int_equal(snapshot_fetch_status(copier->fetch).bad,
                     SNAPSHOT_STAGE_COPIES_MAX);

    scene_write_file("/leader/checkpoint/0", &some[1]); /* It was a moment's. */
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    scene_check_files(copier->directory, SCENE_FILES(some));
}

/* Rot in what is here already is found before it is delivered, and only that
 * file is copied again. */
static void test_snapshot_fetch__rot_while_away(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct scene_file rotten = some[0];

    scene_copy(copier);
    while (snapshot_fetch_status(copier->fetch).files_here < 3) {
        assert_true(scene_step(scene));
    }
    scene_crash(copier);
    rotten.seed = 50;
    scene_write_file("/node2/incoming/files", &rotten);
    scene_follow(scene, 0);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    scene_check_files(copier->directory, SCENE_FILES(some));
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched,
                     some[0].bytes + some[3].bytes + some[4].bytes);
}

/* What does not fit is not begun, and nothing of it is left. */
static void test_snapshot_fetch__no_room(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = &scene->copiers[0];

    copier->free_bytes_min = 1000000;
    disk_knobs(copier->disk)->capacity_bytes = 1000000 + SOME_BYTES;
    follow_some(scene);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_NO_SPACE);
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched, 0);
    assert_int_equal(scene_count_files("/node2/incoming/files"), 0);
    assert_int_equal(scene_count_files("/node2/incoming"), 0);

    disk_knobs(copier->disk)->capacity_bytes += 2000; /* For the manifest. */
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
}

/* A disk that fills up on the way, at whichever write: the copy fails by name
 * and makes room, and works once there is room again. */
static void test_snapshot_fetch__disk_fills_up(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    unsigned failures = 0;

    for (uint64_t step = 1; copier->readies == 0; step += 3) {
        struct disk_knobs *knobs = disk_knobs(copier->disk);

        knobs->fail_at_step = disk_steps(copier->disk) + step;
        knobs->fail_error = ERROR_NO_SPACE;
        scene_copy(copier);
        scene_settle(scene);
        if (copier->readies == 0) {
            failures++;
            assert_int_equal(copier->failures, failures);
            assert_int_equal(copier->error, ERROR_NO_SPACE);
            assert_int_equal(scene_count_files("/node2/incoming/files"), 0);
        }
    }
    assert_true(failures > 10);
    scene_check_files(copier->directory, SCENE_FILES(some));
}

/* Another error of the disk is passed on, and what is here is kept. */
static void test_snapshot_fetch__disk_fails(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct disk_knobs *knobs = disk_knobs(copier->disk);

    knobs->fail_at_step = disk_steps(copier->disk) + 12;
    knobs->fail_error = ERROR_IO;
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_IO);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    scene_check_files(copier->directory, SCENE_FILES(some));
}

/* Whatever call to the disk fails, the next try makes good what it left: the
 * copy it calls whole outlives a power cut. */
static void test_snapshot_fetch__whole_is_durable(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    int failures = -1;

    for (uint64_t step = 1; copier->failures > failures; step++) {
        struct disk_knobs *knobs = disk_knobs(copier->disk);

        failures = copier->failures;
        knobs->fail_at_step = disk_steps(copier->disk) + step;
        knobs->fail_error = ERROR_IO;
        scene_copy(copier);
        scene_settle(scene);
        knobs->fail_at_step = 0;
        scene_copy(copier);
        scene_settle(scene);
        scene_crash(copier);
        scene_follow(scene, 0);
        assert_true(snapshot_fetch_holds(copier->fetch,
                                         buffer_slice(&scene->manifest)));
        scene_check_files(copier->directory, SCENE_FILES(some));
        snapshot_fetch_forget(copier->fetch);
        scene_settle(scene);
    }
    assert_true(failures > 20);
}

/* A newer checkpoint takes the place of the one under way, and what both list
 * alike is not copied twice. */
static void test_snapshot_fetch__newer_takes_over(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    const struct scene_file newer[] = {
        some[0], {"000013.sst", 5000, 12}, {"CURRENT", 16, 13}};
    uint64_t before;

    scene_copy(copier);
    while (snapshot_fetch_status(copier->fetch).files_here < 2) {
        assert_true(scene_step(scene));
    }
    before = snapshot_fetch_status(copier->fetch).fetched;
    scene_offer(scene, 600, SCENE_FILES(newer));
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(copier->failures, 0);
    assert_int_equal(copier->index, 600);
    scene_check_files(copier->directory, SCENE_FILES(newer));
    assert_true(snapshot_fetch_status(copier->fetch).fetched - before <=
                5000 + 16);
}

/* A file that ends with a checksum of its own, as many do, is told from another
 * of the same name and length. */
static void test_snapshot_fetch__sealed_files_differ(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);
    const struct scene_file older[] = {{"sealed", 416, 1}, {"x", 9000, 2}};
    const struct scene_file newer[] = {{"sealed", 416, 3}, {"x", 9000, 2}};

    scene_offer(scene, 1, SCENE_FILES(older));
    scene_copy(copier);
    while (snapshot_fetch_status(copier->fetch).files_here < 1) {
        assert_true(scene_step(scene));
    }
    scene_crash(copier);
    scene_follow(scene, 0);
    scene_offer(scene, 2, SCENE_FILES(newer));
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->index, 2);
    scene_check_files(copier->directory, SCENE_FILES(newer));
}

/* Beginning anew at any moment, also while a job is under way, ends with the
 * newest one. */
static void test_snapshot_fetch__newer_at_any_moment(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    const struct scene_file newer[] = {
        {"000013.sst", 5000, 12}, {"000014.log", 700, 14}, some[3]};
    struct buffer first = BUFFER_EMPTY;
    bool over = false;

    buffer_append_slice(&first, buffer_slice(&scene->manifest));
    scene_offer(scene, 600, SCENE_FILES(newer));
    for (unsigned moment = 0; !over; moment++) {
        int readies = copier->readies;

        assert_int_equal(snapshot_fetch_begin(copier->fetch, SCENE_LEADER,
                                              buffer_slice(&first)),
                         ERROR_NONE);
        for (unsigned i = 0; i < moment && !over; i++) {
            over = !scene_step(scene);
        }
        readies = copier->readies;
        scene_copy(copier);
        scene_settle(scene);
        assert_int_equal(copier->readies, readies + 1);
        assert_int_equal(copier->index, 600);
        scene_check_files(copier->directory, SCENE_FILES(newer));
    }
    assert_int_equal(copier->failures, 0);
    buffer_deinit(&first);
}

/* What a process has written and not synced when it was killed looks whole to
 * the next one, which syncs it before it calls it so. */
static void test_snapshot_fetch__syncs_what_it_finds(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);
    const struct scene_file one[] = {{"a.sst", 3000, 1}};
    uint8_t bytes[3000], *kept;
    char path[160];
    struct device *device;
    struct device_file *file;
    size_t len;

    scene_offer(scene, 1, SCENE_FILES(one));
    scene_copy(copier);
    scene_settle(scene);
    snprintf(path, sizeof(path), "%s/a.sst", copier->directory);
    kept = disk_bytes(copier->disk, path, &len);
    assert_int_equal(len, sizeof(bytes));
    memcpy(bytes, kept, len);
    snapshot_fetch_forget(copier->fetch);
    fake_loop_settle(scene->loop);
    scene_copy(copier);
    while (snapshot_fetch_status(copier->fetch).state !=
           SNAPSHOT_FETCH_COPYING) {
        assert_true(scene_step(scene));
    }
    snapshot_fetch_close(copier->fetch);
    copier->fetch = NULL;
    assert_int_equal(device_open(copier->directory, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, "a.sst", DEVICE_WRITE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_write(file, 0, bytes, len), ERROR_NONE);
    device_file_close(file);
    device_close(device);
    scene_follow(scene, 0);
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched, 0);
    scene_crash(copier);
    scene_follow(scene, 0);
    assert_true(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    scene_check_files(copier->directory, SCENE_FILES(one));
}

static void begin_copy(struct copier *copier, const struct buffer *manifest)
{
    assert_int_equal(snapshot_fetch_begin(copier->fetch, SCENE_LEADER,
                                          buffer_slice(manifest)),
                     ERROR_NONE);
}

/* Whenever the power goes while a newer checkpoint takes the place of a whole
 * one, what is called whole at the next start is, to the byte, though both list
 * files of the same names and lengths. */
static void test_snapshot_fetch__newer_over_a_whole_one(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = scene_follow(scene, 0);
    const struct scene_file older[] = {{"a.sst", 3000, 1}, {"b.sst", 900, 2}};
    const struct scene_file newer[] = {{"a.sst", 3000, 3}, {"b.sst", 900, 4}};
    struct buffer first = BUFFER_EMPTY;
    bool stopped = true;
    unsigned cuts = 0;

    scene_offer(scene, 1, SCENE_FILES(older));
    buffer_append_slice(&first, buffer_slice(&scene->manifest));
    scene_offer(scene, 2, SCENE_FILES(newer));
    for (uint64_t step = 1; stopped; step++) {
        begin_copy(copier, &first);
        scene_settle(scene);
        disk_knobs(copier->disk)->stop_at_step =
            disk_steps(copier->disk) + step;
        begin_copy(copier, &scene->manifest);
        while (!disk_stopped(copier->disk) && scene_step(scene)) {
        }
        stopped = disk_stopped(copier->disk);
        cuts += stopped;
        scene_crash(copier);
        scene_follow(scene, 0);
        if (snapshot_fetch_holds(copier->fetch, buffer_slice(&first))) {
            scene_check_files(copier->directory, SCENE_FILES(older));
        }
        begin_copy(copier, &scene->manifest);
        scene_settle(scene);
        scene_check_files(copier->directory, SCENE_FILES(newer));
    }
    assert_true(cuts > 20); /* Steps of one copy. */
    buffer_deinit(&first);
}

/* A checkpoint that the leader has dropped is told as such. */
static void test_snapshot_fetch__gone(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    for (unsigned i = 0; i < 12; i++) {
        assert_true(scene_step(scene));
    }
    snapshot_send_drop(scene->send, scene->id);
    scene_settle(scene);
    assert_int_equal(scene->drops, 1);
    assert_int_equal(copier->failures, 1);
    assert_int_equal(copier->error, ERROR_NOT_FOUND);
}

/* A fetch that was stopped tells nothing any more, whatever is on the way. */
static void test_snapshot_fetch_stop__is_silent(void **state)
{
    struct scene *scene = *state;

    follow_some(scene);
    for (unsigned moment = 0; moment < 40; moment++) {
        struct copier *copier = &scene->copiers[0];

        scene_copy(copier);
        for (unsigned i = 0; i < moment; i++) {
            assert_true(scene_step(scene));
        }
        assert_int_equal(copier->readies, 0);
        snapshot_fetch_stop(copier->fetch);
        scene_settle(scene);
        assert_int_equal(copier->readies, 0);
        assert_int_equal(snapshot_fetch_status(copier->fetch).state,
                         SNAPSHOT_FETCH_IDLE);
        snapshot_fetch_forget(copier->fetch);
        scene_settle(scene);
    }
    assert_int_equal(scene->copiers[0].failures, 0);
}

/* The whole copy outlives a restart, also one that nobody asked for again,
 * until it is forgotten. */
static void test_snapshot_fetch_holds__after_a_restart(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    scene_settle(scene);
    scene_crash(copier);
    scene_follow(scene, 0);
    assert_true(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    scene_check_files(snapshot_fetch_directory(copier->fetch),
                      SCENE_FILES(some));
    scene_copy(copier); /* Asked for again: nothing to copy. */
    assert_int_equal(copier->readies, 1);
    scene_settle(scene);
    assert_int_equal(copier->readies, 2);
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched, 0);

    snapshot_fetch_forget(copier->fetch);
    assert_false(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    scene_settle(scene);
    scene_crash(copier);
    scene_follow(scene, 0);
    assert_false(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    assert_int_equal(scene_count_files("/node2/incoming"), 0);
}

/* A whole copy of which a file was taken away is no whole copy; what is left of
 * it need not be copied again. */
static void test_snapshot_fetch_holds__not_without_a_file(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct device *device = NULL;

    scene_copy(copier);
    scene_settle(scene);
    scene_crash(copier);
    assert_int_equal(device_open("/node2/incoming/files", &device), ERROR_NONE);
    assert_int_equal(device_remove(device, some[3].name), ERROR_NONE);
    assert_int_equal(device_sync(device), ERROR_NONE);
    device_close(device);
    scene_follow(scene, 0);
    assert_false(
        snapshot_fetch_holds(copier->fetch, buffer_slice(&scene->manifest)));
    scene_copy(copier);
    scene_settle(scene);
    assert_int_equal(copier->readies, 2);
    assert_int_equal(snapshot_fetch_status(copier->fetch).fetched,
                     some[3].bytes);
}

/* Files of which no record says what they are, and records that are none, are
 * removed at start. */
static void test_snapshot_fetch_open__removes_leftovers(void **state)
{
    struct scene *scene = *state;
    const struct scene_file files[] = {{"000001.sst", 100, 1},
                                       {"strange name", 5, 2}};
    const struct scene_file records[] = {
        {"manifest", 80, 3}, {"whole", 70, 4}, {"manifest.new", 1, 5}};

    for (size_t i = 0; i < 2; i++) {
        scene_write_file("/node2/incoming/files", &files[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        scene_write_file("/node2/incoming", &records[i]);
    }
    scene_follow(scene, 0);
    assert_int_equal(scene_count_files("/node2/incoming/files"), 0);
    assert_int_equal(scene_count_files("/node2/incoming"), 0);
    assert_int_equal(snapshot_fetch_status(scene->copiers[0].fetch).state,
                     SNAPSHOT_FETCH_IDLE);
}

/* Bytes that are no manifest change nothing. */
static void test_snapshot_fetch_begin__refuses_nonsense(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);

    scene_copy(copier);
    assert_int_equal(snapshot_fetch_begin(copier->fetch, SCENE_LEADER,
                                          slice_of_text("no manifest")),
                     ERROR_UNSUPPORTED);
    scene_settle(scene);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(copier->index, 500);
}

/* What another node sends, or what belongs to another checkpoint, is not
 * taken. */
static void test_snapshot_fetch_received__ignores_others(void **state)
{
    struct scene *scene = *state;
    struct copier *copier = follow_some(scene);
    struct peer_message gone = {.kind = PEER_SNAPSHOT_GONE,
                                .snapshot_gone = {.id = scene->id}};
    struct peer_message chunk = {
        .kind = PEER_SNAPSHOT_CHUNK,
        .snapshot_chunk = {.id = scene->id + 1, .data = slice_of_text("x")}};

    scene_copy(copier);
    for (unsigned i = 0; i < 10; i++) {
        assert_true(scene_step(scene));
    }
    snapshot_fetch_received(copier->fetch, 3, &gone);
    gone.snapshot_gone.id++;
    snapshot_fetch_received(copier->fetch, SCENE_LEADER, &gone);
    snapshot_fetch_received(copier->fetch, SCENE_LEADER, &chunk);
    scene_settle(scene);
    assert_int_equal(copier->failures, 0);
    assert_int_equal(copier->readies, 1);
    assert_int_equal(snapshot_fetch_status(copier->fetch).bad, 0);
}

#define SCENE(test) RUN_IN(test, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_snapshot_fetch__copies_all),
        SCENE(test_snapshot_fetch__nothing_to_copy),
        SCENE(test_snapshot_fetch__crash_at_every_step),
        SCENE(test_snapshot_fetch__goes_on_by_offset),
        SCENE(test_snapshot_fetch__goes_on_after_a_stop),
        SCENE(test_snapshot_fetch__broken_connection),
        SCENE(test_snapshot_fetch__cut_off),
        SCENE(test_snapshot_fetch__slow_sender),
        SCENE(test_snapshot_fetch__slow_disk),
        SCENE(test_snapshot_fetch__flipped_chunks),
        SCENE(test_snapshot_fetch__all_chunks_flipped),
        SCENE(test_snapshot_fetch__file_differs),
        SCENE(test_snapshot_fetch__rot_while_away),
        SCENE(test_snapshot_fetch__no_room),
        SCENE(test_snapshot_fetch__disk_fills_up),
        SCENE(test_snapshot_fetch__disk_fails),
        SCENE(test_snapshot_fetch__whole_is_durable),
        SCENE(test_snapshot_fetch__newer_takes_over),
        SCENE(test_snapshot_fetch__sealed_files_differ),
        SCENE(test_snapshot_fetch__newer_at_any_moment),
        SCENE(test_snapshot_fetch__syncs_what_it_finds),
        SCENE(test_snapshot_fetch__newer_over_a_whole_one),
        SCENE(test_snapshot_fetch__gone),
        SCENE(test_snapshot_fetch_stop__is_silent),
        SCENE(test_snapshot_fetch_holds__after_a_restart),
        SCENE(test_snapshot_fetch_holds__not_without_a_file),
        SCENE(test_snapshot_fetch_open__removes_leftovers),
        SCENE(test_snapshot_fetch_begin__refuses_nonsense),
        SCENE(test_snapshot_fetch_received__ignores_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

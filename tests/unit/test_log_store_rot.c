#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "raft/log_store/block.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/log_scene.h"
#include "tests/unit/quiet.h"

enum {
    SEGMENT_BYTES = 64 * 1024,
    FILES_MAX = 64,
    PATH_BYTES = 64,
    FLIPS = 4000,
    TAIL_FLIPS = 2000,
};

#define VOTE SCENE_PATH "/vote"

struct saved {
    char path[PATH_BYTES];
    uint8_t *bytes;
    size_t len;
};

/* A log that was closed, or killed, in good health, and its files as they were
 * then, to be damaged in one way after the other. */
struct rot {
    struct scene *scene;
    struct saved files[FILES_MAX];
    size_t n;
    size_t opened; /* With everything there. */
    size_t refused;
};

static size_t opened_in_all, refused_in_all;

static void save_file(void *context, const char *path, size_t bytes)
{
    struct rot *rot = context;
    struct saved *saved = &rot->files[rot->n++];
    size_t len;

    assert_true(rot->n <= FILES_MAX && strlen(path) < PATH_BYTES);
    strcpy(saved->path, path);
    saved->len = bytes;
    saved->bytes = malloc(bytes + 1);
    memcpy(saved->bytes, disk_bytes(rot->scene->disk, path, &len), bytes);
}

static void forget_saved(struct rot *rot)
{
    while (rot->n > 0) {
        free(rot->files[--rot->n].bytes);
    }
}

static void save(struct rot *rot)
{
    forget_saved(rot);
    disk_each(rot->scene->disk, save_file, rot);
}

/* Fill several segments with all that there is, then stop. */
static void fill(struct scene *scene)
{
    for (int i = 0; i < 60; i++) {
        if (i % 20 == 5) {
            assert_int_equal(scene_vote(scene, 1 + (uint64_t)i, 3), ERROR_NONE);
        }
        scene_append(scene, 1 + (size_t)i % 7, 300 + (size_t)i * 90);
        if (i % 16 == 9) {
            scene_truncate(scene, scene->next_index - 2);
        }
        if (i == 20 || i == 35) {
            scene_snapshot(scene, scene->next_index - 5, 30, 200);
        }
        fake_loop_settle(scene->loop);
    }
}

static int set_up(void **state)
{
    struct rot *rot = calloc(1, sizeof(*rot));

    rot->scene = scene_new(7, SEGMENT_BYTES);
    disk_knobs(rot->scene->disk)->remember = true;
    fill(rot->scene);
    scene_close(rot->scene);
    save(rot);
    assert_true(rot->n >= 6); /* vote, 4 segments or more, a spare one. */
    *state = rot;
    return 0;
}

static int tear_down(void **state)
{
    struct rot *rot = *state;

    opened_in_all += rot->opened;
    refused_in_all += rot->refused;
    forget_saved(rot);
    scene_free(rot->scene);
    free(rot);
    return 0;
}

static void restore_one(struct rot *rot, const struct saved *saved)
{
    size_t len;
    uint8_t *bytes = disk_bytes(rot->scene->disk, saved->path, &len);

    if (bytes != NULL && len == saved->len) {
        memcpy(bytes, saved->bytes, len); /* Keeps what is remembered. */
        return;
    }
    disk_put(rot->scene->disk, saved->path, saved->bytes, saved->len);
}

static void restore(struct rot *rot)
{
    for (size_t i = 0; i < rot->n; i++) {
        restore_one(rot, &rot->files[i]);
    }
}

static void sum_file(void *context, const char *path, size_t bytes)
{
    struct rot *rot = context;
    size_t len;

    rot->scene->random +=
        checksum_of(disk_bytes(rot->scene->disk, path, &len), bytes) +
        checksum_of(path, strlen(path));
}

/* Sum of all names and bytes of the disk. */
static uint64_t sum_of(struct rot *rot)
{
    uint64_t random = rot->scene->random, sum;

    rot->scene->random = 0;
    disk_each(rot->scene->disk, sum_file, rot);
    sum = rot->scene->random;
    rot->scene->random = random;
    return sum;
}

/* Try to open: with all there is (the scene's model knows), or not at all,
 * with damage named and no file touched. Then all is as it was. */
static enum error try_open(struct rot *rot)
{
    uint64_t before = sum_of(rot);
    uint64_t steps = disk_steps(rot->scene->disk);
    enum error error = scene_open(rot->scene);

    if (error == ERROR_NONE) {
        rot->opened++;
        scene_close(rot->scene);
    } else {
        rot->refused++;
        assert_int_equal(disk_steps(rot->scene->disk), steps);
        assert_true(sum_of(rot) == before);
    }
    return error;
}

static const char *name_of(const struct saved *saved)
{
    return strrchr(saved->path, '/') + 1;
}

static void assert_named(const struct rot *rot, const struct saved *saved,
                         enum error error)
{
    if (error != ERROR_NONE) {
        assert_string_equal(rot->scene->damage.file, name_of(saved));
    }
}

/* A bit of any file flips: never another past, and the file and place are
 * named. */
static void test_log_store_open__one_bit(void **state)
{
    struct rot *rot = *state;

    for (int i = 0; i < FLIPS; i++) {
        struct saved *saved = &rot->files[scene_draw(rot->scene, rot->n)];
        uint64_t bit = scene_draw(rot->scene, saved->len * 8);
        enum error error;

        assert_true(disk_flip_bit(rot->scene->disk, saved->path, bit));
        error = try_open(rot);
        assert_true(error == ERROR_NONE || error == ERROR_ROTTEN);
        assert_named(rot, saved, error);
        assert_true(error == ERROR_NONE ||
                    rot->scene->damage.offset <= bit / 8);
        restore(rot);
    }
    assert_true(rot->refused > FLIPS / 2);
}

/* Every bit of every head block and of the vote file: the copy that is well
 * serves, a segment's head has no copy. */
static void test_log_store_open__one_bit_of_heads(void **state)
{
    struct rot *rot = *state;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *saved = &rot->files[i];
        bool is_vote = strcmp(saved->path, VOTE) == 0;
        uint64_t end = is_vote ? saved->len : LOG_BLOCK_BYTES;

        for (uint64_t byte = 0; byte < end; byte += byte % 512 < 80 ? 1 : 61) {
            enum error error;

            disk_flip_bit(rot->scene->disk, saved->path,
                          byte * 8 + scene_draw(rot->scene, 8));
            error = try_open(rot);
            assert_int_equal(error, is_vote ? ERROR_NONE : ERROR_ROTTEN);
            assert_named(rot, saved, error);
            restore(rot);
        }
    }
}

/* Each 4 KiB block of each file reads as zeros, or as it was before it was
 * last written. */
static void test_log_store_open__zero_or_stale_block(void **state)
{
    struct rot *rot = *state;
    size_t stale = 0;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *saved = &rot->files[i];

        for (size_t at = 0; at < saved->len; at += LOG_BLOCK_BYTES) {
            enum error error;

            disk_zero_block(rot->scene->disk, saved->path, at);
            error = try_open(rot);
            assert_true(error == ERROR_NONE || error == ERROR_ROTTEN ||
                        error == ERROR_FORGOTTEN);
            restore(rot);
            if (disk_stale_block(rot->scene->disk, saved->path, at)) {
                stale++;
                error = try_open(rot);
                assert_true(error == ERROR_NONE || error == ERROR_ROTTEN ||
                            error == ERROR_FORGOTTEN);
                restore(rot);
            }
        }
    }
    assert_true(stale > 20 && rot->refused > 100);
}

/* A sector is lost, or a run of them. */
static void test_log_store_open__zero_sectors(void **state)
{
    struct rot *rot = *state;

    for (int i = 0; i < 2000; i++) {
        struct saved *saved = &rot->files[scene_draw(rot->scene, rot->n)];
        uint64_t sectors = saved->len / LOG_SECTOR_BYTES;
        uint64_t from = scene_draw(rot->scene, sectors);
        uint64_t n = 1 + scene_draw(rot->scene, 10);
        size_t len;
        uint8_t *bytes = disk_bytes(rot->scene->disk, saved->path, &len);

        n = n < sectors - from ? n : sectors - from;
        memset(bytes + from * LOG_SECTOR_BYTES, 0, n * LOG_SECTOR_BYTES);
        try_open(rot);
        restore(rot);
    }
    assert_true(rot->refused > 500);
}

/* A file is cut anywhere, or grows. */
static void test_log_store_open__cut_file(void **state)
{
    struct rot *rot = *state;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *saved = &rot->files[i];
        bool is_vote = strcmp(saved->path, VOTE) == 0;
        bool is_spare = bytes_are(saved->bytes, saved->len, 0);

        for (size_t at = 0; at < saved->len; at += 2048) {
            enum error error;

            disk_resize(rot->scene->disk, saved->path, at);
            error = try_open(rot);
            if (!is_vote && !is_spare) {
                assert_int_equal(error, ERROR_ROTTEN);
            }
            assert_named(rot, saved, error);
            restore(rot);
        }
        disk_resize(rot->scene->disk, saved->path, saved->len + 4096);
        assert_int_equal(try_open(rot),
                         is_vote || is_spare ? ERROR_NONE : ERROR_ROTTEN);
        restore(rot);
    }
}

/* A file is gone; the one that is missing is named. */
static void test_log_store_open__deleted_file(void **state)
{
    struct rot *rot = *state;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *saved = &rot->files[i];
        bool is_spare = bytes_are(saved->bytes, saved->len, 0);
        enum error error;

        assert_true(disk_delete(rot->scene->disk, saved->path));
        error = try_open(rot);
        assert_int_equal(error, is_spare ? ERROR_NONE : ERROR_FORGOTTEN);
        assert_named(rot, saved, error);
        restore(rot);
    }
    for (size_t i = 0; i < rot->n; i++) {
        if (strcmp(rot->files[i].path, VOTE) != 0) {
            disk_delete(rot->scene->disk, rot->files[i].path);
        }
    }
    assert_int_equal(try_open(rot), ERROR_FORGOTTEN);
}

static void find_number(void *context, const char *path, size_t bytes)
{
    unsigned long *last = context;
    unsigned long number;

    (void)bytes;
    if (sscanf(path, SCENE_PATH "/segment-%lu", &number) == 1 &&
        number > *last) {
        *last = number;
    }
}

/* The last segments are gone together with the spare one: the vote file knows
 * that there was more. */
static void test_log_store_open__deleted_tail(void **state)
{
    struct rot *rot = *state;
    char path[PATH_BYTES];

    for (int gone = 0; gone < 3; gone++) {
        unsigned long last = 0;

        disk_each(rot->scene->disk, find_number, &last);
        snprintf(path, sizeof(path), SCENE_PATH "/segment-%016lu", last);
        assert_true(disk_delete(rot->scene->disk, path));
        assert_int_equal(try_open(rot),
                         gone == 0 ? ERROR_NONE : ERROR_FORGOTTEN);
    }
}

/* Two files have each other's content. */
static void test_log_store_open__swapped_files(void **state)
{
    struct rot *rot = *state;

    for (size_t i = 0; i < rot->n; i++) {
        for (size_t j = 0; j < i; j++) {
            disk_swap(rot->scene->disk, rot->files[i].path, rot->files[j].path);
            assert_int_equal(try_open(rot), ERROR_ROTTEN);
            restore(rot);
        }
    }
}

/* A block lies where another should. */
static void test_log_store_open__misplaced_block(void **state)
{
    struct rot *rot = *state;

    for (int i = 0; i < 2000; i++) {
        struct saved *from = &rot->files[scene_draw(rot->scene, rot->n)];
        struct saved *to = &rot->files[scene_draw(rot->scene, rot->n)];
        size_t from_at = LOG_BLOCK_BYTES *
                         scene_draw(rot->scene, from->len / LOG_BLOCK_BYTES);
        size_t to_at =
            LOG_BLOCK_BYTES * scene_draw(rot->scene, to->len / LOG_BLOCK_BYTES);
        size_t len;

        memcpy(disk_bytes(rot->scene->disk, to->path, &len) + to_at,
               from->bytes + from_at, LOG_BLOCK_BYTES);
        try_open(rot);
        restore(rot);
    }
    assert_true(rot->refused > 500);
}

/* Both copies of the ballot, or both marks, are damaged: the vote is lost. */
static void test_log_store_open__both_copies(void **state)
{
    struct rot *rot = *state;

    for (uint64_t pair = 0; pair < 2; pair++) {
        for (uint64_t i = 0; i < 2; i++) {
            disk_flip_bit(rot->scene->disk, VOTE,
                          8 * (LOG_BLOCK_BYTES * (2 * pair + i) + 60));
        }
        assert_int_equal(try_open(rot), ERROR_ROTTEN);
        assert_string_equal(rot->scene->damage.file, "vote");
        restore(rot);
    }
}

/* A vote file from before an election does not serve: the log knows a later
 * term. */
static void test_log_store_open__old_vote_file(void **state)
{
    struct rot *rot = *state;
    struct scene *scene = rot->scene;
    size_t len;
    uint8_t *bytes, *old;

    bytes = disk_bytes(scene->disk, VOTE, &len);
    old = malloc(len);
    memcpy(old, bytes, len);
    assert_int_equal(scene_open(scene), ERROR_NONE);
    assert_int_equal(scene_vote(scene, scene->model.term + 1, 2), ERROR_NONE);
    scene_append(scene, 1, 100);
    scene_close(scene);
    save(rot);
    memcpy(disk_bytes(scene->disk, VOTE, &len), old, len);
    assert_int_equal(try_open(rot), ERROR_FORGOTTEN);
    assert_string_equal(scene->damage.file, "vote");
    free(old);
}

/* Files of another pool or directory, and formats of another program, are told
 * from rot. */
static void test_log_store_open__not_ours(void **state)
{
    struct rot *rot = *state;
    struct log_identity identity = rot->scene->options.identity;
    size_t len;

    rot->scene->options.identity.directory_id++;
    assert_int_equal(try_open(rot), ERROR_WRONG_POOL);
    rot->scene->options.identity = identity;
    rot->scene->options.identity.pool_id.bytes[15]++;
    assert_int_equal(try_open(rot), ERROR_WRONG_POOL);
    rot->scene->options.identity = identity;
    for (size_t i = 0; i < rot->n; i++) {
        uint8_t *block = disk_bytes(rot->scene->disk, rot->files[i].path, &len);

        if (bytes_are(block, LOG_BLOCK_BYTES, 0)) {
            continue;
        }
        put_le32(block + 12, LOG_FORMAT + 1);
        put_le32(block + 8, checksum_of(block + 12, 500));
        assert_int_equal(try_open(rot), ERROR_UNSUPPORTED);
        assert_named(rot, &rot->files[i], ERROR_UNSUPPORTED);
        restore(rot);
    }
}

/* A disk that cannot be read says nothing about the log. */
static void test_log_store_open__unreadable(void **state)
{
    struct rot *rot = *state;

    disk_knobs(rot->scene->disk)->read_error = ERROR_IO;
    assert_int_equal(try_open(rot), ERROR_IO);
    disk_knobs(rot->scene->disk)->read_error = ERROR_NONE;
    assert_int_equal(try_open(rot), ERROR_NONE);
}

/* End the log with batches that were acknowledged and not marked: killed
 * within the delay of the mark. */
static void kill_unmarked(struct rot *rot, int batches, size_t len, bool zeros)
{
    struct scene *scene = rot->scene;

    assert_int_equal(scene_open(scene), ERROR_NONE);
    for (int i = 0; i < batches; i++) {
        if (zeros) {
            scene_append_zeros(scene, len);
        } else {
            scene_append(scene, 2, len);
        }
        fake_loop_settle(scene->loop);
    }
    assert_int_equal(scene->model.acknowledged, scene->model.n);
    scene_crash(scene);
    save(rot);
}

static size_t used_end(const struct saved *saved)
{
    size_t end = saved->len;

    while (end > 0 && saved->bytes[end - 1] == 0) {
        end--;
    }
    return (end + LOG_BLOCK_BYTES - 1) / LOG_BLOCK_BYTES * LOG_BLOCK_BYTES;
}

/* The segment that was written last: the last one that is no spare. */
static struct saved *last_segment(struct rot *rot)
{
    struct saved *last = NULL;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *saved = &rot->files[i];

        if (strcmp(saved->path, VOTE) != 0 && used_end(saved) > 0 &&
            (last == NULL || strcmp(saved->path, last->path) > 0)) {
            last = saved;
        }
    }
    return last;
}

/* The last segment before another. */
static struct saved *segment_before(struct rot *rot, const struct saved *saved)
{
    struct saved *before = NULL;

    for (size_t i = 0; i < rot->n; i++) {
        struct saved *one = &rot->files[i];

        if (strcmp(one->path, VOTE) != 0 &&
            strcmp(one->path, saved->path) < 0 &&
            (before == NULL || strcmp(one->path, before->path) > 0)) {
            before = one;
        }
    }
    return before;
}

static void flip_tail(struct rot *rot, size_t tail_bytes)
{
    struct saved *saved = last_segment(rot);
    size_t end = used_end(saved);

    for (int i = 0; i < TAIL_FLIPS; i++) {
        uint64_t byte = end - tail_bytes + scene_draw(rot->scene, tail_bytes);
        enum error error;

        disk_flip_bit(rot->scene->disk, saved->path,
                      byte * 8 + scene_draw(rot->scene, 8));
        error = try_open(rot);
        assert_int_equal(error, ERROR_ROTTEN);
        assert_named(rot, saved, error);
        restore(rot);
    }
}

/* The last batch, of which no mark tells: a flipped bit is never taken for a
 * crash, as a batch that has all its sectors was written whole. */
static void test_log_store_open__one_bit_of_unmarked_tail(void **state)
{
    struct rot *rot = *state;

    kill_unmarked(rot, 1, 1500, false);
    assert_int_equal(try_open(rot), ERROR_NONE);
    restore(rot);
    flip_tail(rot, LOG_BLOCK_BYTES);
}

/* Nor when what was written is itself full of zero sectors: the batch knows
 * how many of its sectors are. */
static void test_log_store_open__one_bit_of_zero_tail(void **state)
{
    struct rot *rot = *state;

    kill_unmarked(rot, 1, 10000, true);
    assert_int_equal(try_open(rot), ERROR_NONE);
    restore(rot);
    flip_tail(rot, 3 * LOG_BLOCK_BYTES);
}

/* A block lost in the middle of batches of which no mark tells is no torn
 * tail: a good batch follows. */
static void test_log_store_open__block_before_unmarked_tail(void **state)
{
    struct rot *rot = *state;
    struct saved *saved;
    size_t end;

    kill_unmarked(rot, 3, 1000, false);
    saved = last_segment(rot);
    end = used_end(saved);
    for (size_t back = 2; back <= 3; back++) {
        disk_zero_block(rot->scene->disk, saved->path,
                        end - back * LOG_BLOCK_BYTES);
        assert_int_equal(try_open(rot), ERROR_ROTTEN);
        assert_int_equal(rot->scene->damage.offset,
                         end - back * LOG_BLOCK_BYTES);
        assert_named(rot, saved, ERROR_ROTTEN);
        restore(rot);
    }
}

/* A sector lost from the last batch looks like a crash, unless a mark tells
 * that the batch was acknowledged. */
static void test_log_store_open__sector_of_marked_tail(void **state)
{
    struct rot *rot = *state;
    struct saved *saved = last_segment(rot);
    size_t at = used_end(saved) - LOG_SECTOR_BYTES, len;

    memset(disk_bytes(rot->scene->disk, saved->path, &len) + at, 0,
           LOG_SECTOR_BYTES);
    assert_int_equal(try_open(rot), ERROR_ROTTEN);
    assert_named(rot, saved, ERROR_ROTTEN);
    assert_string_equal(rot->scene->damage.what,
                        "bad batch that was acknowledged");
}

/* Nor does it when anything lies behind it: the writer had gone on. */
static void test_log_store_open__sector_before_later_bytes(void **state)
{
    struct rot *rot = *state;
    struct saved *saved;
    size_t end, len;

    kill_unmarked(rot, 1, 9000, false);
    saved = last_segment(rot);
    end = used_end(saved);
    memset(disk_bytes(rot->scene->disk, saved->path, &len) + end -
               2 * LOG_BLOCK_BYTES,
           0, LOG_SECTOR_BYTES);
    disk_flip_bit(rot->scene->disk, saved->path, 8 * (end + 5000));
    assert_int_equal(try_open(rot), ERROR_ROTTEN);
    assert_string_equal(rot->scene->damage.what,
                        "bad batch before later bytes");
}

/* However busy the store was when it was killed, the loss of its last segment
 * does not go unnoticed: a mark follows the first batch of each. */
static void test_log_store_open__deleted_under_load(void **state)
{
    struct rot *rot = *state;
    struct scene *scene = rot->scene;
    struct log_store_status status;
    size_t segments;

    for (int round = 0; round < 5; round++) {
        assert_int_equal(scene_open(scene), ERROR_NONE);
        log_store_status(scene->store, &status);
        segments = status.segments;
        while (status.segments < segments + 2) {
            scene_append(scene, 1, 2000);
            fake_loop_step(scene->loop); /* The queue is never empty. */
            log_store_status(scene->store, &status);
        }
        for (int i = 0; i < round; i++) {
            scene_append(scene, 1, 2000);
            fake_loop_step(scene->loop);
        }
        fake_loop_settle(scene->loop);
        scene_crash(scene);
        save(rot);
        for (size_t i = 0; i < rot->n; i++) { /* The spare one too. */
            if (bytes_are(rot->files[i].bytes, rot->files[i].len, 0)) {
                disk_delete(scene->disk, rot->files[i].path);
            }
        }
        assert_true(disk_delete(scene->disk, last_segment(rot)->path));
        assert_int_equal(try_open(rot), ERROR_FORGOTTEN);
        restore(rot);
    }
}

/* A sector that is lost from the segment before the one in use is named there,
 * also when no mark tells of it yet. */
static void test_log_store_open__sector_before_new_segment(void **state)
{
    struct rot *rot = *state;
    struct scene *scene = rot->scene;
    struct log_store_status status;
    struct saved *saved;
    size_t segments, len;

    assert_int_equal(scene_open(scene), ERROR_NONE);
    log_store_status(scene->store, &status);
    segments = status.segments;
    while (status.segments == segments) {
        scene_append(scene, 1, 2000);
        fake_loop_step(scene->loop);
        log_store_status(scene->store, &status);
    }
    scene_crash(scene);
    save(rot);
    saved = segment_before(rot, last_segment(rot));
    memset(disk_bytes(scene->disk, saved->path, &len) + used_end(saved) -
               LOG_SECTOR_BYTES,
           0, LOG_SECTOR_BYTES);
    assert_int_equal(try_open(rot), ERROR_ROTTEN);
    assert_named(rot, saved, ERROR_ROTTEN);
}

/* A copy of the ballot that was bad is good again after the next start: the
 * other one may go bad then. */
static void test_log_store_open__mends_vote_file(void **state)
{
    struct rot *rot = *state;

    for (uint64_t copy = 0; copy < 4; copy++) {
        disk_flip_bit(rot->scene->disk, VOTE,
                      8 * (copy * LOG_BLOCK_BYTES + 60));
        assert_int_equal(try_open(rot), ERROR_NONE);
        disk_zero_block(rot->scene->disk, VOTE, (copy ^ 1) * LOG_BLOCK_BYTES);
        assert_int_equal(try_open(rot), ERROR_NONE);
    }
}

/* What was recovered without a mark is vouched for from then on: it may not go
 * missing later, even if nothing was written since. */
static void test_log_store_open__marks_what_it_recovers(void **state)
{
    struct rot *rot = *state;
    struct saved *saved;

    kill_unmarked(rot, 1, 1000, false);
    assert_int_equal(scene_open(rot->scene), ERROR_NONE);
    scene_crash(rot->scene);
    saved = last_segment(rot);
    disk_zero_block(rot->scene->disk, saved->path,
                    used_end(saved) - LOG_BLOCK_BYTES);
    assert_int_equal(try_open(rot), ERROR_FORGOTTEN);
    assert_named(rot, saved, ERROR_FORGOTTEN);
}

/* A batch of another past of the same log, right in itself, with its serial and
 * in its place, does not pass for the one that was there. */
static void test_log_store_open__batch_of_another_past(void **state)
{
    struct rot *rot = *state;
    struct saved *saved;
    uint8_t other[LOG_BLOCK_BYTES];
    size_t at, len;

    saved = last_segment(rot);
    at = used_end(saved);
    assert_int_equal(scene_open(rot->scene), ERROR_NONE);
    scene_append(rot->scene, 1, 100);
    scene_close(rot->scene);
    memcpy(other, disk_bytes(rot->scene->disk, saved->path, &len) + at,
           LOG_BLOCK_BYTES);
    scene_free(rot->scene);
    rot->scene = scene_new(7, SEGMENT_BYTES); /* The same past again ... */
    fill(rot->scene);
    rot->scene->random++; /* ... and then another entry. */
    scene_append(rot->scene, 1, 100);
    fake_loop_settle(rot->scene->loop);
    scene_append(rot->scene, 1, 100);
    scene_close(rot->scene);
    save(rot);
    assert_int_equal(try_open(rot), ERROR_NONE);
    restore(rot);
    memcpy(disk_bytes(rot->scene->disk, saved->path, &len) + at, other,
           LOG_BLOCK_BYTES);
    assert_int_equal(try_open(rot), ERROR_ROTTEN);
    assert_int_equal(rot->scene->damage.offset, at + LOG_BLOCK_BYTES);
}

/* Bytes where the writer has not been, beyond reach of an unfinished batch. */
static void test_log_store_open__bytes_after_the_end(void **state)
{
    struct rot *rot = *state;
    struct saved *spare = NULL;
    enum error error;

    for (size_t i = 0; i < rot->n; i++) {
        if (bytes_are(rot->files[i].bytes, rot->files[i].len, 0)) {
            spare = &rot->files[i];
        }
    }
    assert_non_null(spare);
    disk_flip_bit(rot->scene->disk, spare->path, 8 * 30000);
    error = try_open(rot);
    assert_int_equal(error, ERROR_ROTTEN);
    assert_named(rot, spare, error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_log_store_open__one_bit, set_up, tear_down),
        RUN_IN(test_log_store_open__one_bit_of_heads, set_up, tear_down),
        RUN_IN(test_log_store_open__zero_or_stale_block, set_up, tear_down),
        RUN_IN(test_log_store_open__zero_sectors, set_up, tear_down),
        RUN_IN(test_log_store_open__cut_file, set_up, tear_down),
        RUN_IN(test_log_store_open__deleted_file, set_up, tear_down),
        RUN_IN(test_log_store_open__deleted_tail, set_up, tear_down),
        RUN_IN(test_log_store_open__swapped_files, set_up, tear_down),
        RUN_IN(test_log_store_open__misplaced_block, set_up, tear_down),
        RUN_IN(test_log_store_open__both_copies, set_up, tear_down),
        RUN_IN(test_log_store_open__old_vote_file, set_up, tear_down),
        RUN_IN(test_log_store_open__not_ours, set_up, tear_down),
        RUN_IN(test_log_store_open__unreadable, set_up, tear_down),
        RUN_IN(test_log_store_open__one_bit_of_unmarked_tail, set_up,
               tear_down),
        RUN_IN(test_log_store_open__one_bit_of_zero_tail, set_up, tear_down),
        RUN_IN(test_log_store_open__block_before_unmarked_tail, set_up,
               tear_down),
        RUN_IN(test_log_store_open__sector_of_marked_tail, set_up, tear_down),
        RUN_IN(test_log_store_open__sector_before_later_bytes, set_up,
               tear_down),
        RUN_IN(test_log_store_open__deleted_under_load, set_up, tear_down),
        RUN_IN(test_log_store_open__sector_before_new_segment, set_up,
               tear_down),
        RUN_IN(test_log_store_open__mends_vote_file, set_up, tear_down),
        RUN_IN(test_log_store_open__marks_what_it_recovers, set_up, tear_down),
        RUN_IN(test_log_store_open__batch_of_another_past, set_up, tear_down),
        RUN_IN(test_log_store_open__bytes_after_the_end, set_up, tear_down),
    };

    int failed;

    quiet_begin();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    print_message("%zu opened with everything, %zu refused\n", opened_in_all,
                  refused_in_all);
    return failed;
}

/* What an archive lacks, from a second one that plays another node: all that is
 * wrong is found, whoever has it wrong. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "node/compliance/climb.h"
#include "proto/peer.h"
#include "raft/device.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/archive_scene.h"
#include "tests/unit/quiet.h"

#define HERE  "/machine/archive"
#define THERE "/machine/other"

enum {
    SIZE = 1700,
    UPTO = SIZE / TILE_WIDTH * TILE_WIDTH,
    MANY = 66000, /* A full tile of level 1, and more. */
    STEPS_MAX = 100000,
};

struct scene {
    uint64_t random;
    struct disk *disk;
    struct pen *pen, *other;
    struct climb *climb;
    struct tiles *tiles; /* The other's. */
    unsigned asked;      /* Of the other. */
    unsigned wrong;      /* Answers found wrong. */
    int lies;            /* The answer of that number is wrong; 0: none. */
};

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state += 0x9e3779b97f4a7c15u;
}

static void write_upto(struct pen *pen, uint64_t size)
{
    assert_int_equal(pen_open(pen, UINT64_MAX), ERROR_NONE);
    assert_int_equal(scene_add(pen, size), ERROR_NONE);
    assert_int_equal(pen_commit(pen), ERROR_NONE);
    assert_int_equal(pen_partial(pen, size), ERROR_NONE);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    quiet_begin();
    scene->random = 1;
    scene->disk = disk_new("/machine", draw, &scene->random);
    scene->pen = pen_new(HERE);
    scene->other = pen_new(THERE);
    scene->climb = climb_new(HERE);
    scene->tiles = tiles_open(THERE);
    write_upto(scene->other, SIZE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    quiet_end();
    climb_free(scene->climb);
    tiles_close(scene->tiles);
    pen_free(scene->pen);
    pen_free(scene->other);
    disk_free(scene->disk);
    free(scene);
    return 0;
}

/* What the other says; absent when it has no such payload. */
static bool answer(struct scene *scene, const struct climb_want *want,
                   struct buffer *payload, struct slice *bytes_out)
{
    enum error error;

    switch (want->level) {
    case PEER_ARCHIVE_PAYLOAD:
        error = tiles_payload(scene->tiles, want->index, payload);
        *bytes_out = buffer_slice(payload);
        break;
    case PEER_ARCHIVE_ENTRIES:
        error = tiles_bundle(scene->tiles, want->index, want->width, bytes_out);
        break;
    default:
        error = tiles_tile(scene->tiles, want->level, want->index, want->width,
                           bytes_out);
    }
    if (error == ERROR_NOT_FOUND) {
        assert_int_equal(want->level, PEER_ARCHIVE_PAYLOAD);
        return false;
    }
    assert_int_equal(error, ERROR_NONE);
    return true;
}

static void supply(struct scene *scene, const struct climb_want *want)
{
    struct buffer payload = BUFFER_EMPTY, copy = BUFFER_EMPTY;
    struct slice bytes = SLICE_NONE;
    bool has = answer(scene, want, &payload, &bytes);

    buffer_append_slice(&copy, has ? bytes : SLICE_NONE);
    scene->asked += 1;
    if (scene->lies == (int)scene->asked && has) {
        copy.data[copy.len / 2] ^= 1;
    }
    climb_supply(scene->climb, want, buffer_slice(&copy), !has);
    buffer_deinit(&payload);
    buffer_deinit(&copy);
}

static enum climb_result step_on(struct scene *scene, bool looks,
                                 uint64_t number, struct climb_want *want)
{
    return looks ? climb_look(scene->climb, scene->pen, number, want)
                 : climb_step(scene->climb, scene->pen, number, want);
}

static void run(struct scene *scene, bool looks, uint64_t number)
{
    enum climb_result result = CLIMB_MORE;
    struct climb_want want;

    for (unsigned i = 0; result != CLIMB_DONE; i++) {
        assert_true(i < STEPS_MAX);
        result = step_on(scene, looks, number, &want);
        assert_int_not_equal(result, CLIMB_FAILED);
        scene->wrong += result == CLIMB_WRONG;
        if (result == CLIMB_WRONG || result == CLIMB_WANTS) {
            supply(scene, &want);
        }
    }
}

static void begin(struct scene *scene, uint64_t size)
{
    struct merkle_hash root;

    scene_root(size, &root);
    climb_begin(scene->climb, size, &root);
}

static void climb_all(struct scene *scene)
{
    assert_int_equal(pen_open(scene->pen, 0), ERROR_NONE);
    pen_compare(scene->pen, true);
    begin(scene, SIZE);
    run(scene, false, UPTO);
    assert_int_equal(pen_size(scene->pen), UPTO);
    scene_assert_files(HERE, UPTO);
}

static void flip(const char *directory, const char *name, uint64_t offset)
{
    struct device *device;
    struct device_file *file;
    uint8_t byte;
    size_t got;

    assert_int_equal(device_find(directory, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, name, DEVICE_WRITE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_read(file, offset, &byte, 1, &got),
                     ERROR_NONE);
    byte ^= 4;
    assert_int_equal(device_file_write(file, offset, &byte, 1), ERROR_NONE);
    assert_int_equal(device_file_sync(file), ERROR_NONE);
    device_file_close(file);
    device_close(device);
}

/* A node that has nothing gets all, payloads too, but for those purged. */
static void test_climb_step__from_nothing(void **state)
{
    struct scene *scene = *state;

    climb_all(scene);
    assert_int_equal(scene->wrong, 0);
}

/* Whichever answer is wrong, in whichever kind of file: it is found at once,
 * or, of the spine, when that is whole, and nothing of it is written. */
static void test_climb_step__every_lie_is_found(void **state)
{
    struct scene *scene = *state;
    unsigned answers;

    climb_all(scene);
    answers = scene->asked;
    for (unsigned i = 1; i <= answers; i++) {
        pen_free(scene->pen);
        climb_free(scene->climb);
        tiles_close(scene->tiles);
        pen_free(scene->other);
        disk_free(scene->disk);
        scene->disk = disk_new("/machine", draw, &scene->random);
        scene->pen = pen_new(HERE);
        scene->other = pen_new(THERE);
        scene->climb = climb_new(HERE);
        scene->tiles = tiles_open(THERE);
        write_upto(scene->other, SIZE);
        scene->asked = 0;
        scene->wrong = 0;
        scene->lies = (int)i;
        climb_all(scene);
        /* That a payload is purged can be said of any: nothing shows it. */
        assert_true(scene->wrong <= 1);
        assert_true(scene->wrong == 1 || scene->asked == answers);
    }
}

/* What is here and right is not asked for; what is here and wrong is. */
static void test_climb_step__only_what_is_wrong(void **state)
{
    struct scene *scene = *state;

    write_upto(scene->pen, SIZE);
    flip(HERE "/tile/0", "001", 100);
    flip(HERE "/tile/entries", "003", 100);
    assert_int_equal(pen_open(scene->pen, 0), ERROR_NONE);
    pen_compare(scene->pen, true);
    begin(scene, SIZE);
    run(scene, false, UPTO);
    scene_assert_files(HERE, UPTO);
    /* The bundle, and payloads that were purged. */
    assert_true(scene->asked >= 1);
    assert_int_equal(pen_counts(scene->pen)->mended, 2);
}

/* A look at a bundle finds a flipped bit in it, in its tile and in the tile
 * above, and writes each anew; the tiles from what is here. */
static void test_climb_look__mends(void **state)
{
    struct scene *scene = *state;
    unsigned asked;

    write_upto(scene->other, MANY);
    write_upto(scene->pen, MANY);
    climb_begin_looking(scene->climb, pen_tiler(scene->pen));
    run(scene, true, 200);
    assert_int_equal(scene->asked, 0);
    flip(HERE "/tile/0", "200", 4000);
    flip(HERE "/tile/1", "000", 200 * 32 + 5);
    climb_begin_looking(scene->climb, pen_tiler(scene->pen));
    run(scene, true, 201);
    asked = scene->asked;
    run(scene, true, 200);
    assert_int_equal(pen_counts(scene->pen)->mended, 2);
    tiles_forget(scene->tiles);
    flip(HERE "/tile/entries", "200", 4000);
    climb_begin_looking(scene->climb, pen_tiler(scene->pen));
    run(scene, true, 200);
    assert_int_equal(scene->asked, asked + 1);
    assert_int_equal(pen_counts(scene->pen)->mended, 3);
    scene_assert_files(HERE, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_climb_step__from_nothing, set_up, tear_down),
        RUN_IN(test_climb_step__every_lie_is_found, set_up, tear_down),
        RUN_IN(test_climb_step__only_what_is_wrong, set_up, tear_down),
        RUN_IN(test_climb_look__mends, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

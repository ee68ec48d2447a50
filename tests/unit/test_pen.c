/* An archive's files on the simulated disk: written, cut off at every step,
 * torn, full, rotten. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "raft/device.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/archive_scene.h"
#include "tests/unit/quiet.h"

#define PATH "/machine/archive"

enum {
    FEW = 300,    /* A bundle and a part of one. */
    MANY = 70000, /* A tile of level 1, and a part of one. */
};

struct machine {
    uint64_t random;
    struct disk *disk;
    struct pen *pen;
};

static uint64_t draw(void *context)
{
    uint64_t *state = context;
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    m->random = 1;
    m->disk = disk_new("/machine", draw, &m->random);
    m->pen = pen_new(PATH);
    quiet_begin();
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct machine *m = *state;

    quiet_end();
    pen_free(m->pen);
    disk_free(m->disk);
    free(m);
    return 0;
}

static void restart(struct machine *m)
{
    disk_crash(m->disk);
    pen_free(m->pen);
    m->pen = pen_new(PATH);
}

static enum error write_upto(struct machine *m, uint64_t size)
{
    TRY(pen_open(m->pen, UINT64_MAX));
    TRY(scene_add(m->pen, size));
    TRY(pen_commit(m->pen));
    return pen_partial(m->pen, size);
}

static void assert_root(const struct machine *m, uint64_t size)
{
    struct merkle_hash want, got;

    scene_root(size, &want);
    pen_root(m->pen, &got);
    assert_memory_equal(want.bytes, got.bytes, sizeof(want.bytes));
}

/* What was written is read again, record by record and as a tree, up to a
 * second tile of level 1; the pen knows the root at every size. */
static void test_pen_add__all_is_there(void **state)
{
    struct machine *m = *state;

    assert_int_equal(write_upto(m, FEW), ERROR_NONE);
    assert_root(m, FEW);
    scene_assert_files(PATH, FEW);
    assert_int_equal(scene_add(m->pen, MANY), ERROR_NONE);
    assert_int_equal(pen_commit(m->pen), ERROR_NONE);
    assert_int_equal(pen_partial(m->pen, MANY), ERROR_NONE);
    assert_root(m, MANY);
    scene_assert_files(PATH, MANY);
}

/* The hashes and records that a tree of so many has in open tiles are there. */
static void assert_earlier(unsigned width)
{
    struct tiles *tiles = tiles_open(PATH);
    struct merkle_hash want, got;
    struct slice bytes;

    scene_root(width, &want);
    assert_int_equal(tiles_root(tiles, width, &got), ERROR_NONE);
    assert_memory_equal(want.bytes, got.bytes, sizeof(want.bytes));
    assert_int_equal(tiles_tile(tiles, 0, 0, width, &bytes), ERROR_NONE);
    assert_int_equal(tiles_bundle(tiles, 0, width, &bytes), ERROR_NONE);
    tiles_close(tiles);
}

/* A checkpoint of fewer records than are there by now gets its partial tiles
 * all the same, and a reader who holds the one before finds what that names,
 * until the tile is full. */
static void test_pen_partial__earlier_stay_until_full(void **state)
{
    struct machine *m = *state;
    struct device *device;

    assert_int_equal(write_upto(m, 10), ERROR_NONE);
    assert_int_equal(scene_add(m->pen, 200), ERROR_NONE);
    assert_int_equal(pen_partial(m->pen, 100), ERROR_NONE);
    scene_assert_files(PATH, 100);
    assert_earlier(10);
    assert_int_equal(scene_add(m->pen, FEW), ERROR_NONE);
    assert_int_equal(pen_commit(m->pen), ERROR_NONE);
    assert_int_equal(device_find(PATH "/tile/0/000.p", &device),
                     ERROR_NOT_FOUND);
    assert_int_equal(device_find(PATH "/tile/entries/000.p", &device),
                     ERROR_NOT_FOUND);
}

/* Wherever the power goes -- within any call that changes the disk -- what was
 * once committed is there, and what is written again makes the same files. */
static void test_pen_open__after_every_step(void **state)
{
    struct machine *m = *state;
    uint64_t steps = 0;

    for (uint64_t step = 1;; step++) {
        restart(m);
        disk_free(m->disk);
        m->disk = disk_new("/machine", draw, &m->random);
        assert_int_equal(write_upto(m, FEW), ERROR_NONE);
        steps = disk_steps(m->disk);
        disk_knobs(m->disk)->stop_at_step = steps + step;
        if (scene_add(m->pen, 3 * FEW) == ERROR_NONE &&
            pen_commit(m->pen) == ERROR_NONE &&
            pen_partial(m->pen, 3 * FEW) == ERROR_NONE) {
            assert_true(step > 50);
            break;
        }
        restart(m);
        assert_int_equal(pen_open(m->pen, UINT64_MAX), ERROR_NONE);
        assert_true(pen_size(m->pen) >= FEW / TILE_WIDTH * TILE_WIDTH);
        assert_int_equal(write_upto(m, 3 * FEW), ERROR_NONE);
        scene_assert_files(PATH, 3 * FEW);
    }
}

/* A disk that is full says so; with space again the same pen goes on where the
 * files end. */
static void test_pen_commit__full_disk(void **state)
{
    struct machine *m = *state;
    enum error error;

    assert_int_equal(write_upto(m, FEW), ERROR_NONE);
    disk_knobs(m->disk)->capacity_bytes = PEN_RESERVE_BYTES;
    error = write_upto(m, 10 * FEW);
    assert_int_equal(error, ERROR_NO_SPACE);
    assert_int_equal(write_upto(m, 10 * FEW), ERROR_NO_SPACE);
    disk_knobs(m->disk)->capacity_bytes = 0;
    assert_int_equal(write_upto(m, 10 * FEW), ERROR_NONE);
    scene_assert_files(PATH, 10 * FEW);
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

/* A bundle or tile of the tail that was changed is the end of what is believed,
 * and is written anew. */
static void test_pen_open__flipped_tail(void **state)
{
    struct machine *m = *state;

    assert_int_equal(write_upto(m, 6 * TILE_WIDTH), ERROR_NONE);
    flip(PATH "/tile/0", "004", 77);
    assert_int_equal(pen_open(m->pen, UINT64_MAX), ERROR_NONE);
    assert_int_equal(pen_size(m->pen), 4 * TILE_WIDTH);
    flip(PATH "/tile/entries", "002", 1000);
    assert_int_equal(pen_open(m->pen, UINT64_MAX), ERROR_NONE);
    assert_int_equal(pen_size(m->pen), 2 * TILE_WIDTH);
    pen_compare(m->pen, true);
    assert_int_equal(scene_add(m->pen, 6 * TILE_WIDTH), ERROR_NONE);
    assert_int_equal(pen_commit(m->pen), ERROR_NONE);
    assert_int_equal(pen_counts(m->pen)->mended, 2);
    scene_assert_files(PATH, 6 * TILE_WIDTH);
}

/* What lies under a bound is not believed, and left alone when it is right. */
static void test_pen_open__looks_through(void **state)
{
    struct machine *m = *state;
    uint64_t files;

    assert_int_equal(write_upto(m, 6 * TILE_WIDTH), ERROR_NONE);
    files = pen_counts(m->pen)->files;
    assert_int_equal(pen_open(m->pen, 1), ERROR_NONE);
    assert_int_equal(pen_size(m->pen), TILE_WIDTH);
    pen_compare(m->pen, true);
    assert_int_equal(scene_add(m->pen, 6 * TILE_WIDTH), ERROR_NONE);
    assert_int_equal(pen_commit(m->pen), ERROR_NONE);
    assert_int_equal(pen_counts(m->pen)->mended, 0);
    assert_true(pen_counts(m->pen)->files - files <= 6); /* Payloads purged. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_pen_add__all_is_there, set_up, tear_down),
        RUN_IN(test_pen_partial__earlier_stay_until_full, set_up, tear_down),
        RUN_IN(test_pen_open__after_every_step, set_up, tear_down),
        RUN_IN(test_pen_commit__full_disk, set_up, tear_down),
        RUN_IN(test_pen_open__flipped_tail, set_up, tear_down),
        RUN_IN(test_pen_open__looks_through, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "raft/device.h"
#include "tests/sim/block_disk.h"
#include "tests/sim/block_disk_rot.h"
#include "tests/unit/device_contract.h"

#define PATH "/machine/log"

enum { BLOCK = DEVICE_BLOCK_BYTES, SECTOR = 512, CRASHES = 200 };

static uint64_t draw(void *context)
{
    uint64_t *state = context;
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct machine {
    uint64_t random;
    struct disk *disk;
    struct device *device;
    uint8_t *blocks;
};

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));
    void *memory = NULL;

    m->random = 1;
    m->disk = disk_new("/machine", draw, &m->random);
    assert_int_equal(device_open(PATH, &m->device), ERROR_NONE);
    assert_int_equal(posix_memalign(&memory, BLOCK, 2 * BLOCK), 0);
    m->blocks = memory;
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct machine *m = *state;

    device_close(m->device);
    disk_free(m->disk);
    free(m->blocks);
    free(m);
    return 0;
}

static void crash(struct machine *m)
{
    disk_crash(m->disk);
    device_close(m->device);
    assert_int_equal(device_open(PATH, &m->device), ERROR_NONE);
}

static struct device_file *open_file(struct machine *m, const char *name,
                                     unsigned flags)
{
    struct device_file *file = NULL;

    assert_int_equal(device_file_open(m->device, name, flags, &file),
                     ERROR_NONE);
    return file;
}

/* Make a file of two blocks of ones, durable, name and all. */
static void make_ones(struct machine *m, const char *name)
{
    struct device_file *file = open_file(m, name, DEVICE_WRITE | DEVICE_CREATE);

    memset(m->blocks, 1, 2 * (size_t)BLOCK);
    assert_int_equal(device_file_write(file, 0, m->blocks, 2 * BLOCK),
                     ERROR_NONE);
    assert_int_equal(device_file_sync(file), ERROR_NONE);
    assert_int_equal(device_sync(m->device), ERROR_NONE);
    device_file_close(file);
}

/* Count the sectors that have one value; each has one of the two. */
static size_t count_sectors(struct machine *m, const char *path, uint8_t value,
                            uint8_t other)
{
    size_t len, n = 0;
    const uint8_t *bytes = disk_bytes(m->disk, path, &len);

    assert_int_equal(len, 2 * BLOCK);
    for (size_t at = 0; at < len; at += SECTOR) {
        assert_true(bytes[at] == value || bytes[at] == other);
        assert_memory_equal(bytes + at, bytes + at + 1, SECTOR - 1);
        n += bytes[at] == value;
    }
    return n;
}

/* Unsynced sectors are kept or lost one by one; synced ones are kept. */
static void test_disk_crash__loses_unsynced_sectors(void **state)
{
    struct machine *m = *state;
    size_t kept = 0;

    for (int i = 0; i < CRASHES; i++) {
        struct device_file *file;

        if (i == 0) {
            make_ones(m, "f");
        }
        file = open_file(m, "f", DEVICE_WRITE);
        memset(m->blocks, 1, 2 * (size_t)BLOCK);
        device_file_write(file, 0, m->blocks, 2 * BLOCK);
        device_file_sync(file);
        memset(m->blocks, 2, BLOCK);
        device_file_write(file, BLOCK, m->blocks, BLOCK);
        device_file_close(file);
        crash(m);
        kept += count_sectors(m, PATH "/f", 2, 1);
    }
    /* 8 sectors each, of which half. */
    assert_in_range(kept, CRASHES * 8 / 2 - 150, CRASHES * 8 / 2 + 150);
}

/* A direct write is durable when it returns; the one that is cut short keeps
 * whole sectors, from none to all. */
static void test_disk_crash__tears_direct_write(void **state)
{
    struct machine *m = *state;
    size_t none = 0, all = 0, some = 0;

    make_ones(m, "f");
    for (int i = 0; i < CRASHES; i++) {
        struct device_file *file =
            open_file(m, "f", DEVICE_WRITE | DEVICE_DIRECT);
        size_t kept;

        memset(m->blocks, 1, 2 * (size_t)BLOCK);
        assert_int_equal(device_file_write(file, 0, m->blocks, 2 * BLOCK),
                         ERROR_NONE);
        disk_knobs(m->disk)->stop_at_step = disk_steps(m->disk) + 1;
        memset(m->blocks, 2, 2 * (size_t)BLOCK);
        assert_int_equal(device_file_write(file, 0, m->blocks, 2 * BLOCK),
                         ERROR_IO);
        assert_true(disk_stopped(m->disk));
        assert_int_equal(device_file_write(file, 0, m->blocks, BLOCK),
                         ERROR_IO);
        disk_crash(m->disk);
        assert_int_equal(device_file_write(file, 0, m->blocks, BLOCK),
                         ERROR_IO); /* Of the life before. */
        device_file_close(file);
        crash(m);
        kept = count_sectors(m, PATH "/f", 2, 1);
        none += kept == 0;
        all += kept == 16;
        some += kept > 0 && kept < 16;
    }
    assert_true(none > 5 && all > 5 && some > CRASHES / 3);
}

/* Of changes of names, a prefix survives; those synced all do. */
static void test_disk_crash__keeps_prefix_of_names(void **state)
{
    struct machine *m = *state;
    size_t seen[3] = {0};

    for (int i = 0; i < CRASHES; i++) {
        size_t len;
        bool b, c;

        make_ones(m, "a");
        assert_int_equal(device_rename(m->device, "a", "b"), ERROR_NONE);
        assert_int_equal(device_rename(m->device, "b", "c"), ERROR_NONE);
        crash(m);
        b = disk_bytes(m->disk, PATH "/b", &len) != NULL;
        c = disk_bytes(m->disk, PATH "/c", &len) != NULL;
        assert_true(!(b && c));
        assert_true((b || c) != (disk_bytes(m->disk, PATH "/a", &len) != NULL));
        seen[c ? 2 : b] += 1;
        disk_delete(m->disk, PATH "/a");
        disk_delete(m->disk, PATH "/b");
        disk_delete(m->disk, PATH "/c");
    }
    assert_true(seen[0] > 20 && seen[1] > 20 && seen[2] > 20);
}

/* A failed write is reported once, or from then on. */
static void test_disk_knobs__fail(void **state)
{
    struct machine *m = *state;
    struct disk_knobs *knobs = disk_knobs(m->disk);
    struct device_file *file;

    make_ones(m, "f");
    file = open_file(m, "f", DEVICE_WRITE);
    knobs->fail_at_step = disk_steps(m->disk) + 2;
    knobs->fail_error = ERROR_NO_SPACE;
    assert_int_equal(device_file_write(file, 0, "x", 1), ERROR_NONE);
    assert_int_equal(device_file_write(file, 0, "y", 1), ERROR_NO_SPACE);
    assert_int_equal(device_file_write(file, 0, "z", 1), ERROR_NONE);
    knobs->fail_at_step = disk_steps(m->disk) + 1;
    knobs->fail_on = true;
    assert_int_equal(device_file_sync(file), ERROR_NO_SPACE);
    assert_int_equal(device_sync(m->device), ERROR_NO_SPACE);
    assert_int_equal(device_remove(m->device, "f"), ERROR_NO_SPACE);
    device_file_close(file);
}

/* A disk of a size is full when its files are as long. */
static void test_disk_knobs__capacity(void **state)
{
    struct machine *m = *state;
    struct device_file *file;
    uint64_t bytes;

    disk_knobs(m->disk)->capacity_bytes = 3 * BLOCK;
    make_ones(m, "f");
    assert_int_equal(device_free_bytes(m->device, &bytes), ERROR_NONE);
    assert_int_equal(bytes, BLOCK);
    file = open_file(m, "f", DEVICE_WRITE | DEVICE_DIRECT);
    assert_int_equal(device_file_fill(file, 4 * BLOCK), ERROR_NO_SPACE);
    assert_int_equal(device_file_fill(file, 3 * BLOCK), ERROR_NONE);
    assert_int_equal(device_file_write(file, 3 * BLOCK, m->blocks, BLOCK),
                     ERROR_NO_SPACE);
    assert_int_equal(device_file_write(file, 2 * BLOCK, m->blocks, BLOCK),
                     ERROR_NONE);
    device_file_close(file);
}

/* What steps cost adds up and is taken once. */
static void test_disk_take_us__adds_up(void **state)
{
    struct machine *m = *state;
    struct device_file *file;

    make_ones(m, "f");
    file = open_file(m, "f", DEVICE_WRITE | DEVICE_DIRECT);
    disk_knobs(m->disk)->step_us = 100;
    disk_knobs(m->disk)->mib_us = 1024 * 1024;
    disk_take_us(m->disk);
    device_file_write(file, 0, m->blocks, 2 * BLOCK);
    device_file_sync(file);
    assert_int_equal(disk_take_us(m->disk), 200 + 2 * BLOCK);
    assert_int_equal(disk_take_us(m->disk), 0);
    device_file_close(file);
}

/* One disk fails, another does not; the longer prefix answers. */
static void test_disk_new__each_its_own(void **state)
{
    struct machine *m = *state;
    uint64_t random = 5;
    struct disk *other = disk_new("/machine/log/deep", draw, &random);
    struct device *deep = NULL, *none = NULL;

    assert_int_equal(device_open("/machine/log/deep", &deep), ERROR_NONE);
    disk_stop(m->disk);
    assert_int_equal(device_sync(m->device), ERROR_IO);
    assert_int_equal(device_sync(deep), ERROR_NONE);
    assert_int_equal(device_open("/elsewhere", &none), ERROR_NOT_FOUND);
    device_close(deep);
    disk_free(other);
}

/* The same seed gives the same disk. */
static void test_disk_crash__is_deterministic(void **state)
{
    struct machine *m = *state;
    uint8_t first[2 * BLOCK];
    size_t len;

    for (int i = 0; i < 2; i++) {
        struct device_file *file;

        make_ones(m, "f");
        file = open_file(m, "f", DEVICE_WRITE);
        memset(m->blocks, 2, 2 * (size_t)BLOCK);
        device_file_write(file, 0, m->blocks, 2 * BLOCK);
        device_file_close(file);
        m->random = 77;
        crash(m);
        if (i == 0) {
            memcpy(first, disk_bytes(m->disk, PATH "/f", &len), sizeof(first));
        }
        assert_memory_equal(first, disk_bytes(m->disk, PATH "/f", &len),
                            sizeof(first));
        disk_delete(m->disk, PATH "/f");
    }
}

/* A stale block is what it was before it was last written. */
static void test_disk_stale_block__goes_back_once(void **state)
{
    struct machine *m = *state;
    struct device_file *file;
    size_t len;

    disk_knobs(m->disk)->remember = true;
    make_ones(m, "f");
    file = open_file(m, "f", DEVICE_WRITE | DEVICE_DIRECT);
    memset(m->blocks, 2, BLOCK);
    device_file_write(file, BLOCK, m->blocks, BLOCK);
    assert_true(disk_stale_block(m->disk, PATH "/f", BLOCK + 5));
    assert_int_equal(count_sectors(m, PATH "/f", 1, 2), 16);
    assert_true(disk_stale_block(m->disk, PATH "/f", 0));
    assert_int_equal(disk_bytes(m->disk, PATH "/f", &len)[0], 0);
    assert_false(disk_stale_block(m->disk, PATH "/f", 2 * BLOCK));
    assert_false(disk_stale_block(m->disk, PATH "/g", 0));
    device_file_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_disk_crash__loses_unsynced_sectors, set_up, tear_down),
        RUN_IN(test_disk_crash__tears_direct_write, set_up, tear_down),
        RUN_IN(test_disk_crash__keeps_prefix_of_names, set_up, tear_down),
        RUN_IN(test_disk_knobs__fail, set_up, tear_down),
        RUN_IN(test_disk_knobs__capacity, set_up, tear_down),
        RUN_IN(test_disk_take_us__adds_up, set_up, tear_down),
        RUN_IN(test_disk_new__each_its_own, set_up, tear_down),
        RUN_IN(test_disk_crash__is_deterministic, set_up, tear_down),
        RUN_IN(test_disk_stale_block__goes_back_once, set_up, tear_down),
    };
    uint64_t random = 3;
    struct disk *disk = disk_new("/contract", draw, &random);
    int failed;

    failed = device_contract_run("/contract/device");
    disk_free(disk);
    failed += cmocka_run_group_tests_name("disk", tests, NULL, NULL);
    return failed;
}

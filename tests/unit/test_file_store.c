/* Files kept by their digest, on the simulated disk: cut off at every step,
 * full, rotten, too large. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/files.h"
#include "node/compliance/pen.h"
#include "proto/tlog/hash.h"
#include "raft/device.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/quiet.h"

#define PATH "/machine/archive"

enum { CONTENTS = 40, BYTES_MAX = 90000 };

struct machine {
    uint64_t random;
    struct disk *disk;
    struct file_store *files;
    struct buffer content, got;
};

static uint64_t draw(void *context)
{
    uint64_t *state = context;

    return *state += 0x9e3779b97f4a7c15u;
}

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    quiet_begin();
    m->random = 1;
    m->disk = disk_new("/machine", draw, &m->random);
    m->files = file_store_new(PATH);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct machine *m = *state;

    quiet_end();
    file_store_free(m->files);
    disk_free(m->disk);
    buffer_deinit(&m->content);
    buffer_deinit(&m->got);
    free(m);
    return 0;
}

/* Content of a number: the same at each call; 0 is empty. */
static struct slice content(struct machine *m, unsigned number)
{
    size_t len = (size_t)number * 2903 % BYTES_MAX;
    uint8_t *at;

    buffer_clear(&m->content);
    at = buffer_reserve(&m->content, len + 1);
    for (size_t i = 0; i < len; i++) {
        at[i] = (uint8_t)((i * 31 + number) ^ (i >> 8));
    }
    m->content.len = len;
    return buffer_slice(&m->content);
}

static void assert_got(struct machine *m, unsigned number)
{
    struct slice want = content(m, number);
    struct merkle_hash digest;

    hash_bytes(want, &digest);
    assert_int_equal(file_store_get(m->files, &digest, &m->got), ERROR_NONE);
    assert_int_equal(m->got.len, want.len);
    assert_true(slice_equal(buffer_slice(&m->got), want));
}

static void put_all(struct machine *m)
{
    struct merkle_hash digest;

    for (unsigned i = 0; i < CONTENTS; i++) {
        assert_int_equal(file_store_put(m->files, content(m, i), &digest),
                         ERROR_NONE);
    }
}

/* What was put is got, under its digest, also when it was put twice; what was
 * not is not found. */
static void test_file_store_put__is_got(void **state)
{
    struct machine *m = *state;
    struct merkle_hash digest;

    put_all(m);
    put_all(m);
    for (unsigned i = 0; i < CONTENTS; i++) {
        assert_got(m, i);
    }
    hash_bytes(slice_of_text("never put"), &digest);
    assert_int_equal(file_store_get(m->files, &digest, &m->got),
                     ERROR_NOT_FOUND);
}

/* Wherever the power goes, a file is there whole or not at all, and once put
 * has returned it is there. */
static void test_file_store_put__after_every_step(void **state)
{
    struct machine *m = *state;
    struct merkle_hash digest;
    enum error error = ERROR_IO;

    assert_int_equal(file_store_put(m->files, content(m, 1), &digest),
                     ERROR_NONE);
    for (uint64_t step = 1; error != ERROR_NONE; step++) {
        unsigned number = 2 + (unsigned)step;

        disk_knobs(m->disk)->stop_at_step = disk_steps(m->disk) + step;
        error = file_store_put(m->files, content(m, number), &digest);
        disk_crash(m->disk);
        file_store_free(m->files);
        m->files = file_store_new(PATH);
        assert_got(m, 1);
        if (error == ERROR_NONE) {
            assert_true(step > 3);
            assert_got(m, number);
        } else if (file_store_get(m->files, &digest, &m->got) !=
                   ERROR_NOT_FOUND) {
            assert_got(m, number);
        }
        assert_int_equal(file_store_put(m->files, content(m, number), &digest),
                         ERROR_NONE);
        assert_got(m, number);
    }
}

/* A full disk refuses, and takes it when there is space again. */
static void test_file_store_put__full(void **state)
{
    struct machine *m = *state;
    struct merkle_hash digest;

    disk_knobs(m->disk)->capacity_bytes = PEN_RESERVE_BYTES + 100;
    assert_int_equal(file_store_put(m->files, content(m, 3), &digest),
                     ERROR_NO_SPACE);
    assert_int_equal(file_store_get(m->files, &digest, &m->got),
                     ERROR_NOT_FOUND);
    disk_knobs(m->disk)->capacity_bytes = 0;
    assert_int_equal(file_store_put(m->files, content(m, 3), &digest),
                     ERROR_NONE);
    assert_got(m, 3);
}

/* A flipped bit is told, never given out; put again, the file is right. */
static void test_file_store_get__rotten(void **state)
{
    struct machine *m = *state;
    struct merkle_hash digest;
    struct device *device;
    struct device_file *file;
    char name[2 * MERKLE_HASH_BYTES + 1], path[64];

    assert_int_equal(file_store_put(m->files, content(m, 5), &digest),
                     ERROR_NONE);
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        snprintf(name + 2 * i, 3, "%02x", digest.bytes[i]);
    }
    snprintf(path, sizeof(path), PATH "/files/%.2s", name);
    assert_int_equal(device_find(path, &device), ERROR_NONE);
    assert_int_equal(device_file_open(device, name, DEVICE_WRITE, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_write(file, 7, "X", 1), ERROR_NONE);
    device_file_close(file);
    device_close(device);
    assert_int_equal(file_store_get(m->files, &digest, &m->got), ERROR_ROTTEN);
    assert_int_equal(file_store_put(m->files, content(m, 5), &digest),
                     ERROR_NONE);
    assert_got(m, 5);
}

/* A file beyond the limit is refused before anything is written. */
static void test_file_store_put__too_large(void **state)
{
    struct machine *m = *state;
    uint64_t steps = disk_steps(m->disk);
    struct merkle_hash digest;

    assert_int_equal(
        file_store_put(m->files, slice_of("", (size_t)FILE_STORE_BYTES_MAX + 1),
                       &digest),
        ERROR_TOO_LARGE);
    assert_int_equal(disk_steps(m->disk), steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_file_store_put__is_got, set_up, tear_down),
        RUN_IN(test_file_store_put__after_every_step, set_up, tear_down),
        RUN_IN(test_file_store_put__full, set_up, tear_down),
        RUN_IN(test_file_store_get__rotten, set_up, tear_down),
        RUN_IN(test_file_store_put__too_large, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

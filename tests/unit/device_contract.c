#include "tests/unit/device_contract.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raft/device.h"

enum { BLOCK = DEVICE_BLOCK_BYTES };

static const char *directory;

/* Direct files want aligned memory. */
static uint8_t *blocks(size_t n)
{
    void *memory = NULL;

    assert_int_equal(posix_memalign(&memory, BLOCK, n * BLOCK), 0);
    memset(memory, 0, n * BLOCK);
    return memory;
}

static int set_up(void **state)
{
    struct device *device = NULL;

    assert_int_equal(device_open(directory, &device), ERROR_NONE);
    *state = device;
    return 0;
}

static int tear_down(void **state)
{
    device_close(*state);
    return 0;
}

static struct device_file *open_file(struct device *device, const char *name,
                                     unsigned flags)
{
    struct device_file *file = NULL;

    assert_int_equal(device_file_open(device, name, flags, &file), ERROR_NONE);
    return file;
}

/* A name is made once, and only when it is asked for. */
static void test_device_file_open__makes_once(void **state)
{
    struct device *device = *state;
    struct device_file *file = NULL;

    assert_int_equal(device_file_open(device, "once", DEVICE_WRITE, &file),
                     ERROR_NOT_FOUND);
    device_file_close(open_file(device, "once", DEVICE_WRITE | DEVICE_CREATE));
    assert_int_equal(
        device_file_open(device, "once", DEVICE_WRITE | DEVICE_CREATE, &file),
        ERROR_EXISTS);
    assert_null(file);
    device_file_close(open_file(device, "once", DEVICE_READ));
    assert_int_equal(device_remove(device, "once"), ERROR_NONE);
    assert_int_equal(device_remove(device, "once"), ERROR_NOT_FOUND);
}

/* What was written is read, also by another opening; a read ends where the
 * file ends. */
static void test_device_file_read__ends_with_file(void **state)
{
    struct device *device = *state;
    struct device_file *file =
        open_file(device, "read", DEVICE_WRITE | DEVICE_CREATE);
    struct device_file *other;
    char bytes[16];
    size_t got;

    assert_int_equal(device_file_write(file, 3, "hello", 5), ERROR_NONE);
    assert_int_equal(device_file_sync(file), ERROR_NONE);
    other = open_file(device, "read", DEVICE_READ);
    assert_int_equal(device_file_read(other, 2, bytes, 16, &got), ERROR_NONE);
    assert_int_equal(got, 6);
    assert_memory_equal(bytes, "\0hello", 6);
    assert_int_equal(device_file_read(other, 8, bytes, 16, &got), ERROR_NONE);
    assert_int_equal(got, 0);
    assert_int_equal(device_file_read(other, 99, bytes, 16, &got), ERROR_NONE);
    assert_int_equal(got, 0);
    device_file_close(other);
    device_file_close(file);
    assert_int_equal(device_remove(device, "read"), ERROR_NONE);
}

/* Direct files are written and read in whole blocks, anywhere. */
static void test_device_file_write__direct(void **state)
{
    struct device *device = *state;
    struct device_file *file = open_file(
        device, "direct", DEVICE_WRITE | DEVICE_CREATE | DEVICE_DIRECT);
    uint8_t *bytes = blocks(4), *back = blocks(4);
    uint64_t len;
    size_t got;

    memset(bytes, 7, 2 * (size_t)BLOCK);
    assert_int_equal(device_file_write(file, BLOCK, bytes, 2 * BLOCK),
                     ERROR_NONE);
    assert_int_equal(device_file_bytes(file, &len), ERROR_NONE);
    assert_int_equal(len, 3 * BLOCK);
    assert_int_equal(device_file_read(file, 0, back, 4 * BLOCK, &got),
                     ERROR_NONE);
    assert_int_equal(got, 3 * BLOCK);
    assert_memory_equal(back + BLOCK, bytes, 2 * (size_t)BLOCK);
    assert_int_equal(back[BLOCK - 1], 0);
    free(bytes);
    free(back);
    device_file_close(file);
    assert_int_equal(device_remove(device, "direct"), ERROR_NONE);
}

/* Filling lengthens with zeros, never shortens, and leaves what is there. */
static void test_device_file_fill__lengthens(void **state)
{
    struct device *device = *state;
    struct device_file *file =
        open_file(device, "fill", DEVICE_WRITE | DEVICE_CREATE | DEVICE_DIRECT);
    enum { LEN = 3 * 1024 * 1024 / BLOCK };
    uint8_t *bytes = blocks(LEN);
    uint64_t len;
    size_t got;

    memset(bytes, 9, BLOCK);
    assert_int_equal(device_file_write(file, 0, bytes, BLOCK), ERROR_NONE);
    assert_int_equal(device_file_fill(file, 3 * 1024 * 1024), ERROR_NONE);
    assert_int_equal(device_file_fill(file, BLOCK), ERROR_NONE);
    assert_int_equal(device_file_bytes(file, &len), ERROR_NONE);
    assert_int_equal(len, 3 * 1024 * 1024);
    assert_int_equal(
        device_file_read(file, 0, bytes, (size_t)LEN * BLOCK, &got),
        ERROR_NONE);
    assert_int_equal(got, LEN * BLOCK);
    assert_int_equal(bytes[BLOCK - 1], 9);
    for (size_t i = BLOCK; i < got; i++) {
        assert_true(bytes[i] == 0);
    }
    free(bytes);
    device_file_close(file);
    assert_int_equal(device_remove(device, "fill"), ERROR_NONE);
}

/* Cutting shortens and lengthens, with zeros. */
static void test_device_file_cut__both_ways(void **state)
{
    struct device *device = *state;
    struct device_file *file =
        open_file(device, "cut", DEVICE_WRITE | DEVICE_CREATE);
    char bytes[8];
    size_t got;

    assert_int_equal(device_file_write(file, 0, "abcdef", 6), ERROR_NONE);
    assert_int_equal(device_file_cut(file, 2), ERROR_NONE);
    assert_int_equal(device_file_cut(file, 4), ERROR_NONE);
    assert_int_equal(device_file_read(file, 0, bytes, 8, &got), ERROR_NONE);
    assert_int_equal(got, 4);
    assert_memory_equal(bytes, "ab\0\0", 4);
    device_file_close(file);
    assert_int_equal(device_remove(device, "cut"), ERROR_NONE);
}

struct listing {
    size_t n;
    uint64_t bytes;
    char names[256];
};

static void on_name(void *context, const char *name, uint64_t bytes)
{
    struct listing *listing = context;

    listing->n++;
    listing->bytes += bytes;
    strcat(strcat(listing->names, name), " ");
}

/* The list has the files that there are, and a renamed one replaces another;
 * an open file lives on when its name is gone. */
static void test_device_rename__replaces(void **state)
{
    struct device *device = *state;
    struct device_file *a, *b;
    struct listing listing = {0};
    char byte;
    size_t got;

    a = open_file(device, "a", DEVICE_WRITE | DEVICE_CREATE);
    b = open_file(device, "b", DEVICE_WRITE | DEVICE_CREATE);
    assert_int_equal(device_file_write(a, 0, "aaa", 3), ERROR_NONE);
    assert_int_equal(device_file_write(b, 0, "bb", 2), ERROR_NONE);
    assert_int_equal(device_rename(device, "a", "b"), ERROR_NONE);
    assert_int_equal(device_rename(device, "a", "b"), ERROR_NOT_FOUND);
    assert_int_equal(device_sync(device), ERROR_NONE);
    assert_int_equal(device_list(device, on_name, &listing), ERROR_NONE);
    assert_int_equal(listing.n, 1);
    assert_int_equal(listing.bytes, 3);
    assert_string_equal(listing.names, "b ");
    assert_int_equal(device_file_read(b, 0, &byte, 1, &got), ERROR_NONE);
    assert_int_equal(byte, 'b');
    device_file_close(a);
    device_file_close(b);
    assert_int_equal(device_remove(device, "b"), ERROR_NONE);
}

/* The disk knows how much room it has, and its own path. */
static void test_device_free_bytes__tells(void **state)
{
    struct device *device = *state;
    uint64_t bytes = 0;

    assert_int_equal(device_free_bytes(device, &bytes), ERROR_NONE);
    assert_true(bytes > 0);
    assert_string_equal(device_path(device), directory);
}

/* A directory is made with those above it, is no file of the one above, and can
 * be opened twice at a time. */
static void test_device_open__makes_parents(void **state)
{
    struct device *deep = NULL, *again = NULL;
    struct listing listing = {0};
    char path[512];

    snprintf(path, sizeof(path), "%s/x/y/z", directory);
    assert_int_equal(device_open(path, &deep), ERROR_NONE);
    assert_int_equal(device_open(path, &again), ERROR_NONE);
    device_file_close(open_file(deep, "f", DEVICE_WRITE | DEVICE_CREATE));
    assert_int_equal(device_list(*state, on_name, &listing), ERROR_NONE);
    assert_int_equal(listing.n, 0);
    assert_int_equal(device_list(again, on_name, &listing), ERROR_NONE);
    assert_string_equal(listing.names, "f ");
    assert_int_equal(device_remove(again, "f"), ERROR_NONE);
    device_close(deep);
    device_close(again);
}

/* A directory goes when nothing is left in it, and not before; one that never
 * was needs no removing. */
static void test_device_remove_directory__only_empty(void **state)
{
    struct device *sub = NULL;
    char path[512];

    (void)state;
    snprintf(path, sizeof(path), "%s/sub", directory);
    assert_int_equal(device_remove_directory(path), ERROR_NONE);
    assert_int_equal(device_open(path, &sub), ERROR_NONE);
    device_file_close(open_file(sub, "f", DEVICE_WRITE | DEVICE_CREATE));
    assert_int_equal(device_remove_directory(path), ERROR_IO);
    assert_int_equal(device_remove(sub, "f"), ERROR_NONE);
    assert_int_equal(device_remove_directory(path), ERROR_NONE);
    device_close(sub);
}

int device_contract_run(const char *path)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_device_file_open__makes_once, set_up, tear_down),
        RUN_IN(test_device_file_read__ends_with_file, set_up, tear_down),
        RUN_IN(test_device_file_write__direct, set_up, tear_down),
        RUN_IN(test_device_file_fill__lengthens, set_up, tear_down),
        RUN_IN(test_device_file_cut__both_ways, set_up, tear_down),
        RUN_IN(test_device_rename__replaces, set_up, tear_down),
        RUN_IN(test_device_free_bytes__tells, set_up, tear_down),
        RUN_IN(test_device_open__makes_parents, set_up, tear_down),
        RUN_IN(test_device_remove_directory__only_empty, set_up, tear_down),
    };

    directory = path;
    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}

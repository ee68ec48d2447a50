#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raft/device.h"
#include "tests/unit/device_contract.h"
#include "tests/unit/temp_directory.h"

static char root[TEMP_DIRECTORY_BYTES];
static char at[TEMP_DIRECTORY_BYTES + 16];

/* A path below a file cannot be a directory, and says so. */
static void test_device_open__reports(void **state)
{
    struct device *device = NULL;
    char path[sizeof(at) + 8];
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "%s/file", root);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(device_open(path, &device), ERROR_IO);
    strcat(path, "/x");
    assert_int_equal(device_open(path, &device), ERROR_IO);
    assert_int_equal(device_open("", &device), ERROR_INVALID);
    assert_null(device);
}

/* A symbolic link is not followed: what is asked for is a file of this
 * directory. Links, directories and pipes are not listed. */
static void fail_on_name(void *context, const char *name, uint64_t bytes)
{
    (void)context;
    (void)bytes;
    fail_msg("listed %s", name);
}

static void test_device_file_open__plain_files_only(void **state)
{
    struct device *device = NULL;
    struct device_file *file = NULL;
    char path[sizeof(at) + 8];

    (void)state;
    assert_int_equal(device_open(at, &device), ERROR_NONE);
    snprintf(path, sizeof(path), "%s/link", at);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof(path), "%s/pipe", at);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(device_file_open(device, "link", DEVICE_READ, &file),
                     ERROR_IO);
    assert_int_equal(device_list(device, fail_on_name, NULL), ERROR_NONE);
    assert_int_equal(device_remove(device, "link"), ERROR_NONE);
    assert_int_equal(device_remove(device, "pipe"), ERROR_NONE);
    device_close(device);
}

/* What the log makes is for its user alone. */
static void test_device_file_open__private(void **state)
{
    struct device *device = NULL;
    struct device_file *file = NULL;
    char path[sizeof(at) + 8];
    struct stat stat_of;

    (void)state;
    assert_int_equal(device_open(at, &device), ERROR_NONE);
    assert_int_equal(
        device_file_open(device, "mine", DEVICE_WRITE | DEVICE_CREATE, &file),
        ERROR_NONE);
    snprintf(path, sizeof(path), "%s/mine", at);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(stat(at, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0700);
    device_file_close(file);
    assert_int_equal(device_remove(device, "mine"), ERROR_NONE);
    device_close(device);
}

/* A descriptor that may not be written reports it, for every kind of change. */
static void test_device_file_write__reports(void **state)
{
    struct device *device = NULL;
    struct device_file *file = NULL;

    (void)state;
    assert_int_equal(device_open(at, &device), ERROR_NONE);
    assert_int_equal(
        device_file_open(device, "ro", DEVICE_WRITE | DEVICE_CREATE, &file),
        ERROR_NONE);
    device_file_close(file);
    file = NULL;
    assert_int_equal(device_file_open(device, "ro", DEVICE_READ, &file),
                     ERROR_NONE);
    assert_int_equal(device_file_write(file, 0, "x", 1), ERROR_IO);
    assert_int_equal(device_file_cut(file, 0), ERROR_IO);
    assert_int_equal(device_file_fill(file, 4096), ERROR_IO);
    device_file_close(file);
    assert_int_equal(device_remove(device, "ro"), ERROR_NONE);
    device_close(device);
}

/* A full file system answers NO_SPACE, before a byte is written; needs the
 * right to mount, else there is nothing to see. */
static void test_device_file_fill__full_disk(void **state)
{
    struct device *device = NULL;
    struct device_file *file = NULL;
    uint64_t bytes = 0;

    (void)state;
    if (mount("none", at, "tmpfs", 0, "size=1m") != 0) {
        skip();
    }
    assert_int_equal(device_open(at, &device), ERROR_NONE);
    assert_int_equal(
        device_file_open(device, "big",
                         DEVICE_WRITE | DEVICE_CREATE | DEVICE_DIRECT, &file),
        ERROR_NONE);
    assert_int_equal(device_file_fill(file, 4 * 1024 * 1024), ERROR_NO_SPACE);
    assert_int_equal(device_file_fill(file, 512 * 1024), ERROR_NONE);
    assert_int_equal(device_free_bytes(device, &bytes), ERROR_NONE);
    assert_true(bytes <= 512 * 1024);
    device_file_close(file);
    device_close(device);
    assert_int_equal(umount(at), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_device_open__reports),
        RUN(test_device_file_open__plain_files_only),
        RUN(test_device_file_open__private),
        RUN(test_device_file_write__reports),
        RUN(test_device_file_fill__full_disk),
    };
    int failed;

    temp_directory_make(root);
    snprintf(at, sizeof(at), "%s/device", root);
    failed = device_contract_run(at);
    failed += cmocka_run_group_tests_name("posix", tests, NULL, NULL);
    temp_directory_remove(root);
    return failed;
}

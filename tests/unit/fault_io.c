#include "tests/unit/fault_io.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool armed; /* Asked without the lock, for speed. */
static char below[1024];
static uint64_t left;
static uint64_t passed;
static uint64_t failed;
static int failure;

void fault_io_arm(const char *directory, const char *prefix, uint64_t after,
                  int number)
{
    pthread_mutex_lock(&lock);
    snprintf(below, sizeof(below), "%s/%s", directory, prefix);
    left = after;
    passed = 0;
    failed = 0;
    failure = number;
    armed = true;
    pthread_mutex_unlock(&lock);
}

uint64_t fault_io_passed(void)
{
    uint64_t n;

    pthread_mutex_lock(&lock);
    n = passed;
    pthread_mutex_unlock(&lock);
    return n;
}

uint64_t fault_io_disarm(void)
{
    uint64_t n;

    pthread_mutex_lock(&lock);
    armed = false;
    n = failed;
    pthread_mutex_unlock(&lock);
    return n;
}

/* Is this change to fail? Sets errno. */
static bool fails(const char *path)
{
    bool result = false;

    pthread_mutex_lock(&lock);
    if (armed && strncmp(path, below, strlen(below)) == 0) {
        result = left == 0;
        left -= left > 0;
        passed += !result;
        failed += result;
    }
    pthread_mutex_unlock(&lock);
    if (result) {
        errno = failure;
    }
    return result;
}

static bool file_fails(int file)
{
    char link_path[64], path[1024];
    ssize_t bytes;

    if (!armed) {
        return false;
    }
    snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", file);
    bytes = readlink(link_path, path, sizeof(path) - 1);
    if (bytes < 0) {
        return false;
    }
    path[bytes] = '\0';
    return fails(path);
}

ssize_t write(int file, const void *bytes, size_t len)
{
    return file_fails(file) ? -1 : syscall(SYS_write, file, bytes, len);
}

ssize_t pwrite(int file, const void *bytes, size_t len, off_t offset)
{
    return file_fails(file) ? -1
                            : syscall(SYS_pwrite64, file, bytes, len, offset);
}

int fsync(int file)
{
    return file_fails(file) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    return file_fails(file) ? -1 : (int)syscall(SYS_fdatasync, file);
}

int rename(const char *from, const char *to)
{
    return fails(from) ? -1 : (int)syscall(SYS_rename, from, to);
}

int link(const char *from, const char *to)
{
    return fails(from) ? -1 : (int)syscall(SYS_link, from, to);
}

/* RocksDB rests for a second after an error, so as not to spin. */
int usleep(useconds_t us)
{
    (void)us;
    return 0;
}

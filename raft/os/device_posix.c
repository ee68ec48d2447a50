/* Files of a real directory. Names are resolved relative to the directory's
 * descriptor, so that moving the directory away while it is open does no harm.
 */
#include "raft/device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { FILL_STEP_BYTES = 1024 * 1024 };

struct device {
    char *path;
    int fd;
};

struct device_file {
    struct device *device; /* Borrowed; outlives its files. */
    char *name;            /* For journal lines. */
    int fd;
    bool direct;
};

/* Translate errno and say once what failed where: nobody above still has the
 * number. A missing or existing file is an answer, not a failure. */
static enum error report(const struct device *device, const char *name,
                         const char *what)
{
    int number = errno;
    enum error error = error_from_errno(number);

    if (error != ERROR_NOT_FOUND && error != ERROR_EXISTS) {
        journal_error("device_failed", "what=%s path=%s name=%s reason=\"%s\"",
                      what, device->path, name, strerror(number));
    }
    return error;
}

static enum error sync_path(const struct device *device, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum error error = ERROR_NONE;

    if (fd < 0) {
        return report(device, path, "open");
    }
    if (fsync(fd) != 0) {
        error = report(device, path, "sync");
    }
    close(fd);
    return error;
}

/* Make one directory, durable in the one above it. */
static enum error make_directory(const struct device *device, char *path)
{
    char *slash = strrchr(path, '/');
    enum error error;

    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST ? ERROR_NONE : report(device, path, "mkdir");
    }
    if (slash == NULL) {
        return sync_path(device, ".");
    }
    *slash = '\0';
    error = sync_path(device, slash == path ? "/" : path);
    *slash = '/';
    return error;
}

static enum error make_directories(const struct device *device)
{
    char *path = strdup(device->path);
    enum error error = ERROR_NONE;

    if (path == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (char *at = path + 1; error == ERROR_NONE && *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            error = make_directory(device, path);
            *at = '/';
        }
    }
    if (error == ERROR_NONE) {
        error = make_directory(device, path);
    }
    free(path);
    return error;
}

static enum error open_device(const char *path, bool make,
                              struct device **device_out)
{
    struct device *device;
    enum error error;

    if (path[0] == '\0') {
        return ERROR_INVALID;
    }
    device = calloc(1, sizeof(*device));
    if (device == NULL) {
        return ERROR_NO_MEMORY;
    }
    device->fd = -1;
    device->path = strdup(path);
    error = device->path == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
    if (error == ERROR_NONE && make) {
        error = make_directories(device);
    }
    if (error == ERROR_NONE) {
        device->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = device->fd < 0 ? report(device, "", "open") : ERROR_NONE;
    }
    if (error != ERROR_NONE) {
        device_close(device);
        return error;
    }
    *device_out = device;
    return ERROR_NONE;
}

enum error device_open(const char *path, struct device **device_out)
{
    return open_device(path, true, device_out);
}

enum error device_find(const char *path, struct device **device_out)
{
    return open_device(path, false, device_out);
}

void device_close(struct device *device)
{
    if (device == NULL) {
        return;
    }
    if (device->fd >= 0) {
        close(device->fd);
    }
    free(device->path);
    free(device);
}

/* Durable in the one above it. */
static enum error sync_above(const struct device *device)
{
    char *above = strdup(device->path);
    char *slash = above == NULL ? NULL : strrchr(above, '/');
    enum error error = ERROR_NO_MEMORY;

    if (above != NULL) {
        if (slash != NULL) {
            slash[slash == above ? 1 : 0] = '\0';
        }
        error = sync_path(device, slash == NULL ? "." : above);
    }
    free(above);
    return error;
}

enum error device_remove_directory(const char *path)
{
    struct device device = {.fd = -1};
    enum error error;

    device.path = strdup(path);
    if (device.path == NULL) {
        return ERROR_NO_MEMORY;
    }
    error =
        rmdir(path) == 0 ? sync_above(&device) : report(&device, "", "rmdir");
    free(device.path);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

const char *device_path(const struct device *device)
{
    return device->path;
}

enum error device_list(struct device *device,
                       void (*each)(void *context, const char *name,
                                    uint64_t bytes),
                       void *context)
{
    int fd = openat(device->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat stat;
    enum error error;

    if (directory == NULL) {
        error = report(device, "", "list");
        if (fd >= 0) {
            close(fd);
        }
        return error;
    }
    errno = 0;
    while ((entry = readdir(directory)) != NULL) {
        if (fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
            break;
        }
        if (S_ISREG(stat.st_mode)) {
            each(context, entry->d_name, (uint64_t)stat.st_size);
        }
        errno = 0;
    }
    error = errno == 0 ? ERROR_NONE : report(device, "", "list");
    closedir(directory);
    return error;
}

enum error device_rename(struct device *device, const char *from,
                         const char *to)
{
    if (renameat(device->fd, from, device->fd, to) != 0) {
        return report(device, from, "rename");
    }
    return ERROR_NONE;
}

enum error device_remove(struct device *device, const char *name)
{
    if (unlinkat(device->fd, name, 0) != 0) {
        return report(device, name, "remove");
    }
    return ERROR_NONE;
}

enum error device_sync(struct device *device)
{
    if (fsync(device->fd) != 0) {
        return report(device, "", "sync");
    }
    return ERROR_NONE;
}

enum error device_free_bytes(struct device *device, uint64_t *bytes_out)
{
    struct statvfs fs;

    if (fstatvfs(device->fd, &fs) != 0) {
        return report(device, "", "free_bytes");
    }
    *bytes_out = (uint64_t)fs.f_bavail * fs.f_frsize;
    return ERROR_NONE;
}

static int open_flags(unsigned flags)
{
    int mode = flags & DEVICE_WRITE ? O_RDWR : O_RDONLY;

    if (flags & DEVICE_CREATE) {
        mode |= O_CREAT | O_EXCL;
    }
    if (flags & DEVICE_DIRECT) {
        mode |= O_DIRECT;
    }
    return mode | O_CLOEXEC | O_NOFOLLOW;
}

/* Open by the flags; a file system that knows no O_DIRECT (tmpfs of older
 * kernels) goes by the page cache, which is as durable and only slower. */
static int open_file(const struct device *device, const char *name, int mode)
{
    int fd = openat(device->fd, name, mode, 0600);

    if (fd < 0 && errno == EINVAL && (mode & O_DIRECT) != 0) {
        /* The failed open may have made the file. */
        fd = openat(device->fd, name, mode & ~(O_DIRECT | O_EXCL), 0600);
    }
    return fd;
}

enum error device_file_open(struct device *device, const char *name,
                            unsigned flags, struct device_file **file_out)
{
    struct device_file *file;

    CHECK(name[0] != '\0' && strchr(name, '/') == NULL);
    file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return ERROR_NO_MEMORY;
    }
    file->device = device;
    file->direct = (flags & DEVICE_DIRECT) != 0;
    file->fd = -1;
    file->name = strdup(name);
    if (file->name == NULL) {
        device_file_close(file);
        return ERROR_NO_MEMORY;
    }
    file->fd = open_file(device, name, open_flags(flags));
    if (file->fd < 0) {
        enum error error = report(device, name, "open");

        device_file_close(file);
        return error;
    }
    *file_out = file;
    return ERROR_NONE;
}

void device_file_close(struct device_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->name);
    free(file);
}

enum error device_file_bytes(struct device_file *file, uint64_t *bytes_out)
{
    struct stat stat;

    if (fstat(file->fd, &stat) != 0) {
        return report(file->device, file->name, "stat");
    }
    *bytes_out = (uint64_t)stat.st_size;
    return ERROR_NONE;
}

static void check_aligned(const struct device_file *file, uint64_t offset,
                          const void *bytes, size_t len)
{
    CHECK(!file->direct ||
          ((offset | (uintptr_t)bytes | len) & (DEVICE_BLOCK_BYTES - 1)) == 0);
}

enum error device_file_read(struct device_file *file, uint64_t offset,
                            void *bytes, size_t len, size_t *got_out)
{
    uint8_t *to = bytes;
    size_t got = 0;

    check_aligned(file, offset, bytes, len);
    while (got < len) {
        ssize_t n = pread(file->fd, to + got, len - got, (off_t)(offset + got));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return report(file->device, file->name, "read");
        }
        got += (size_t)n;
        /* A direct read that ends inside a block has met the end. */
        if (n == 0 || (file->direct && got % DEVICE_BLOCK_BYTES != 0)) {
            break;
        }
    }
    *got_out = got;
    return ERROR_NONE;
}

static enum error write_all(struct device_file *file, uint64_t offset,
                            const void *bytes, size_t len, int flags)
{
    const uint8_t *from = bytes;

    while (len > 0) {
        /* A vector's base is not const, though only read. */
        const struct iovec part = {(void *)(uintptr_t)from, len};
        ssize_t n = pwritev2(file->fd, &part, 1, (off_t)offset, flags);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return report(file->device, file->name, "write");
        }
        from += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return ERROR_NONE;
}

/* Each write of a direct file is durable by RWF_DSYNC rather than by O_DSYNC,
 * so that filling the same file need not be. */
enum error device_file_write(struct device_file *file, uint64_t offset,
                             const void *bytes, size_t len)
{
    check_aligned(file, offset, bytes, len);
    return write_all(file, offset, bytes, len, file->direct ? RWF_DSYNC : 0);
}

enum error device_file_sync(struct device_file *file)
{
    if (fdatasync(file->fd) != 0) {
        return report(file->device, file->name, "sync");
    }
    return ERROR_NONE;
}

/* Reserve first: a full disk shows before the first byte, and the blocks lie
 * together. File systems without fallocate find out while writing. */
static enum error reserve(struct device_file *file, uint64_t from,
                          uint64_t bytes)
{
    int failed;

    do {
        failed = fallocate(file->fd, 0, (off_t)from, (off_t)(bytes - from));
    } while (failed != 0 && errno == EINTR);
    if (failed != 0 && errno != EOPNOTSUPP) {
        return report(file->device, file->name, "fill");
    }
    return ERROR_NONE;
}

static enum error write_zeros(struct device_file *file, uint64_t at,
                              uint64_t bytes)
{
    uint64_t left = bytes - at;
    size_t step = left < FILL_STEP_BYTES ? (size_t)left : FILL_STEP_BYTES;
    void *zeros = NULL;
    enum error error = ERROR_NONE;

    if (posix_memalign(&zeros, DEVICE_BLOCK_BYTES, step) != 0) {
        return ERROR_NO_MEMORY;
    }
    memset(zeros, 0, step);
    while (error == ERROR_NONE && at < bytes) {
        left = bytes - at;
        step = left < step ? (size_t)left : step;
        error = write_all(file, at, zeros, step, 0);
        at += step;
    }
    free(zeros);
    return error;
}

enum error device_file_fill(struct device_file *file, uint64_t bytes)
{
    uint64_t at;

    TRY(device_file_bytes(file, &at));
    if (at >= bytes) {
        return ERROR_NONE;
    }
    TRY(reserve(file, at, bytes));
    return write_zeros(file, at, bytes);
}

enum error device_file_cut(struct device_file *file, uint64_t bytes)
{
    if (ftruncate(file->fd, (off_t)bytes) != 0) {
        return report(file->device, file->name, "cut");
    }
    return ERROR_NONE;
}

#include "ops/witness/book_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

static enum error name_beside(const char *path, const char *suffix,
                              char to[PATH_MAX])
{
    int len = snprintf(to, PATH_MAX, "%s%s", path, suffix);

    return len < 0 || len >= PATH_MAX ? ERROR_TOO_LARGE : ERROR_NONE;
}

static enum error write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.data, bytes.len);

        if (done < 0 && errno != EINTR) {
            return error_from_errno(errno);
        }
        bytes = slice_after(bytes, done > 0 ? (size_t)done : 0);
    }
    return fsync(fd) == 0 ? ERROR_NONE : error_from_errno(errno);
}

static enum error write_file(const char *path, struct slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum error error;

    if (fd < 0) {
        return error_from_errno(errno);
    }
    error = write_all(fd, bytes);
    if (close(fd) != 0 && error == ERROR_NONE) {
        error = error_from_errno(errno);
    }
    return error;
}

static enum error sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    enum error error;
    int fd;

    TRY(name_beside(path, "", copy));
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return error_from_errno(errno);
    }
    error = fsync(fd) == 0 ? ERROR_NONE : error_from_errno(errno);
    close(fd);
    return error;
}

enum error book_file_replace(const char *path, struct slice bytes)
{
    char made[PATH_MAX];

    TRY(name_beside(path, ".new", made));
    TRY(write_file(made, bytes));
    if (rename(made, path) != 0) {
        return error_from_errno(errno);
    }
    return sync_folder_of(path);
}

static enum error read_all(int fd, size_t bytes_max, struct buffer *to)
{
    for (;;) {
        uint8_t *at = buffer_reserve(to, READ_BYTES);
        ssize_t got = at == NULL ? 0 : read(fd, at, READ_BYTES);

        if (at == NULL) {
            return ERROR_NO_MEMORY;
        }
        if (got < 0 && errno != EINTR) {
            return error_from_errno(errno);
        }
        if (got == 0) {
            return ERROR_NONE;
        }
        to->len += got > 0 ? (size_t)got : 0;
        if (to->len > bytes_max) {
            return ERROR_TOO_LARGE;
        }
    }
}

enum error book_file_read(const char *path, size_t bytes_max, struct buffer *to)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum error error;

    if (fd < 0) {
        return error_from_errno(errno);
    }
    error = read_all(fd, bytes_max, to);
    close(fd);
    return error;
}

enum error book_file_lock(const char *path, int *fd_out)
{
    char name[PATH_MAX];
    int fd;

    TRY(name_beside(path, ".lock", name));
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_from_errno(errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum error error =
            errno == EWOULDBLOCK ? ERROR_BUSY : error_from_errno(errno);

        close(fd);
        return error;
    }
    *fd_out = fd;
    return ERROR_NONE;
}

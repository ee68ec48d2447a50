#include "storage/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/journal.h"

/* Told here, where errno is still known; the caller only passes it up. */
static enum error failed(const char *what, const char *path)
{
    int number = errno;
    enum error error = error_from_errno(number);

    if (error != ERROR_NOT_FOUND) {
        journal_warning("file_failed", "call=%s path=%s reason=\"%s\"", what,
                        path, strerror(number));
    }
    return error;
}

enum error files_make_directory(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return failed("mkdir", path);
    }
    return ERROR_NONE;
}

/* Describe one entry. It may have gone since it was listed. */
static enum error entry_look(int directory, const char *name,
                             struct files_entry *entry_out)
{
    struct stat stat;

    if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("stat", name);
    }
    *entry_out = (struct files_entry){
        .name = name,
        .is_directory = S_ISDIR(stat.st_mode),
        .bytes = S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0,
    };
    return ERROR_NONE;
}

enum error files_list(const char *path,
                      enum error (*each)(void *context,
                                         const struct files_entry *entry),
                      void *context)
{
    DIR *directory = opendir(path);
    enum error error = ERROR_NONE;
    struct files_entry entry;
    struct dirent *found;

    if (directory == NULL) {
        return failed("opendir", path);
    }
    while (error == ERROR_NONE && (found = readdir(directory)) != NULL) {
        if (strcmp(found->d_name, ".") == 0 ||
            strcmp(found->d_name, "..") == 0) {
            continue;
        }
        error = entry_look(dirfd(directory), found->d_name, &entry);
        if (error == ERROR_NOT_FOUND) {
            error = ERROR_NONE;
            continue;
        }
        if (error == ERROR_NONE) {
            error = each(context, &entry);
        }
    }
    closedir(directory);
    return error;
}

enum error files_read(const char *path, uint64_t offset, void *bytes,
                      size_t len, size_t *got_out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    enum error error = ERROR_NONE;
    size_t got = 0;

    if (file < 0) {
        return failed("open", path);
    }
    while (got < len) {
        ssize_t n = pread(file, (uint8_t *)bytes + got, len - got,
                          (off_t)(offset + got));

        if (n < 0 && errno != EINTR) {
            error = failed("read", path);
        }
        if (n == 0 || error != ERROR_NONE) {
            break;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    close(file);
    *got_out = got;
    return error;
}

static enum error write_all(int file, const char *path, uint64_t offset,
                            const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = pwrite(file, bytes, len, (off_t)offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return failed("write", path);
        }
        bytes += n;
        offset += (size_t)n;
        len -= (size_t)n;
    }
    return ERROR_NONE;
}

enum error files_write(const char *path, uint64_t offset, const void *bytes,
                       size_t len)
{
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    enum error error;

    if (file < 0) {
        return failed("open", path);
    }
    error = write_all(file, path, offset, bytes, len);
    if (close(file) != 0 && error == ERROR_NONE) {
        error = failed("close", path);
    }
    return error;
}

enum error files_sync(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    enum error error = ERROR_NONE;

    if (file < 0) {
        return failed("open", path);
    }
    if (fsync(file) != 0) {
        error = failed("fsync", path);
    }
    close(file);
    return error;
}

enum error files_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? ERROR_NONE : failed("rename", from);
}

static enum error remove_entry(void *context, const struct files_entry *entry)
{
    char path[FILES_PATH_BYTES_MAX];

    TRY(files_path(path, context, entry->name));
    return files_remove(path);
}

enum error files_remove(const char *path)
{
    char inside[FILES_PATH_BYTES_MAX];

    if (unlink(path) == 0) {
        return ERROR_NONE;
    }
    if (errno != EISDIR) {
        return failed("unlink", path);
    }
    snprintf(inside, sizeof(inside), "%s", path);
    TRY(files_list(path, remove_entry, inside));
    return rmdir(path) == 0 ? ERROR_NONE : failed("rmdir", path);
}

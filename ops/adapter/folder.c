#include "ops/adapter/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/check.h"

struct folder {
    const struct cut *cut;
    int fd;
    int lock; /* -1 until it is held. */
    char lock_name[FOLDER_NAME_BYTES_MAX + 1];
    int file; /* -1 when none was begun. */
    EVP_MD_CTX *hash;
    struct folder_file *files; /* The one that was begun is files[n]. */
    size_t n, capacity;
    size_t published;
};

static enum fault failed(const struct folder *folder, const char *name)
{
    int number = errno;

    return fault_say(FAULT_FAILED, "%s/%s: %s", folder->cut->output, name,
                     strerror(number));
}

/* Where a file lies until it has its name. */
static void temporary_name(const char *name,
                           char path[FOLDER_NAME_BYTES_MAX + 8])
{
    snprintf(path, FOLDER_NAME_BYTES_MAX + 8, ".%s.new", name);
}

void safe_name(struct buffer *to, const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789_-";

    for (const char *at = name; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL || (*at == '.' && at > name)) {
            buffer_append(to, at, 1);
        } else {
            buffer_printf(to, "%%%02X", (unsigned char)*at);
        }
    }
}

static enum fault name_too_long(const struct cut *cut)
{
    return fault_say(FAULT_FAILED,
                     "%s: file names would be longer than %d bytes: the pool "
                     "or the adapter needs a shorter name",
                     cut->adapter, FOLDER_NAME_BYTES_MAX);
}

static enum fault name_lock(struct folder *folder)
{
    struct buffer name = BUFFER_EMPTY;
    enum fault fault = FAULT_NONE;

    safe_name(&name, folder->cut->adapter);
    if (buffer_failed(&name)) {
        fault = fault_memory();
    } else if (name.len + sizeof("..lock") > sizeof(folder->lock_name)) {
        fault = name_too_long(folder->cut);
    } else {
        snprintf(folder->lock_name, sizeof(folder->lock_name), ".%.*s.lock",
                 (int)name.len, (const char *)name.data);
    }
    buffer_deinit(&name);
    return fault;
}

/* Is it the file that has the name? Who was before may have deleted it. */
static bool is_named(int directory, const char *name, int fd)
{
    struct stat named, held;

    return fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(fd, &held) == 0 && named.st_ino == held.st_ino &&
           named.st_dev == held.st_dev;
}

/* Keep others away that would work for the same adapter. */
static enum fault take_lock(struct folder *folder)
{
    int fd;

    TAKE(name_lock(folder));
    fd = openat(folder->fd, folder->lock_name,
                O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return failed(folder, folder->lock_name);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 ||
        !is_named(folder->fd, folder->lock_name, fd)) {
        close(fd);
        return fault_say(FAULT_UNREACHED,
                         "%s: adapter %s is at work there already",
                         folder->cut->output, folder->cut->adapter);
    }
    folder->lock = fd;
    return FAULT_NONE;
}

enum fault folder_open(const struct cut *cut, struct folder **folder_out)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    if (folder == NULL) {
        return fault_memory();
    }
    *folder_out = folder; /* To be closed in any case. */
    folder->cut = cut;
    folder->file = folder->lock = -1;
    folder->fd = open(cut->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0) {
        return fault_say(FAULT_FAILED, "%s: %s", cut->output, strerror(errno));
    }
    TAKE(take_lock(folder));
    folder->hash = EVP_MD_CTX_new();
    return folder->hash == NULL ? fault_memory() : FAULT_NONE;
}

static void forget_temporary(struct folder *folder, const char *name)
{
    char path[FOLDER_NAME_BYTES_MAX + 8];

    temporary_name(name, path);
    unlinkat(folder->fd, path, 0);
}

void folder_close(struct folder *folder)
{
    if (folder == NULL) {
        return;
    }
    if (folder->file >= 0) {
        close(folder->file);
        forget_temporary(folder, folder->files[folder->n].name);
    }
    for (size_t i = folder->published; i < folder->n; i++) {
        if (!folder->files[i].is_there) {
            forget_temporary(folder, folder->files[i].name);
        }
    }
    if (folder->lock >= 0) {
        unlinkat(folder->fd, folder->lock_name, 0);
        close(folder->lock);
    }
    if (folder->fd >= 0) {
        close(folder->fd);
    }
    EVP_MD_CTX_free(folder->hash);
    free(folder->files);
    free(folder);
}

static enum fault make_name(const struct cut *cut, const char *tail,
                            struct folder_file *file)
{
    struct buffer name = BUFFER_EMPTY;

    safe_name(&name, cut->pool);
    buffer_printf(&name, "-%020" PRIu64 "-%020" PRIu64 "-", cut->first,
                  cut->last);
    safe_name(&name, cut->adapter);
    buffer_append_text(&name, tail);
    if (buffer_failed(&name)) {
        buffer_deinit(&name);
        return fault_memory();
    }
    /* A temporary name has five bytes more. */
    if (name.len + 5 > FOLDER_NAME_BYTES_MAX) {
        buffer_deinit(&name);
        return name_too_long(cut);
    }
    memset(file, 0, sizeof(*file));
    memcpy(file->name, name.data, name.len);
    buffer_deinit(&name);
    return FAULT_NONE;
}

static enum fault grow(struct folder *folder)
{
    size_t capacity = folder->capacity == 0 ? 16 : folder->capacity * 2;
    struct folder_file *files;

    if (folder->n < folder->capacity) {
        return FAULT_NONE;
    }
    if (folder->n >= FOLDER_FILES_MAX) {
        return fault_say(FAULT_FAILED, "%s: more than %d files of one cut",
                         folder->cut->output, FOLDER_FILES_MAX);
    }
    files = reallocarray(folder->files, capacity, sizeof(*files));
    if (files == NULL) {
        return fault_memory();
    }
    folder->files = files;
    folder->capacity = capacity;
    return FAULT_NONE;
}

enum fault folder_begin(struct folder *folder, const char *tail)
{
    char path[FOLDER_NAME_BYTES_MAX + 8];

    CHECK(folder->file < 0);
    TAKE(grow(folder));
    TAKE(make_name(folder->cut, tail, &folder->files[folder->n]));
    temporary_name(folder->files[folder->n].name, path);
    folder->file =
        openat(folder->fd, path,
               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (folder->file < 0) {
        return failed(folder, path);
    }
    return EVP_DigestInit_ex(folder->hash, EVP_sha256(), NULL) == 1
               ? FAULT_NONE
               : fault_memory();
}

enum fault folder_write(struct folder *folder, struct buffer *text)
{
    struct folder_file *file = &folder->files[folder->n];
    size_t done = 0;

    CHECK(folder->file >= 0);
    if (buffer_failed(text)) {
        return fault_memory();
    }
    while (done < text->len) {
        ssize_t n = write(folder->file, text->data + done, text->len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return failed(folder, file->name);
        }
        done += (size_t)n;
    }
    if (text->len > 0 &&
        EVP_DigestUpdate(folder->hash, text->data, text->len) != 1) {
        return fault_memory();
    }
    file->bytes += text->len;
    buffer_clear(text);
    return FAULT_NONE;
}

static void hex(const uint8_t *bytes, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * n] = '\0';
}

void sha256_text(const void *data, size_t bytes,
                 char text[FOLDER_SHA256_TEXT_BYTES + 1])
{
    uint8_t digest[32];

    CHECK(EVP_Digest(data, bytes, digest, NULL, EVP_sha256(), NULL) == 1);
    hex(digest, sizeof(digest), text);
}

/* Hash the file that has the name already. */
static enum fault hash_present(struct folder *folder, const char *name,
                               bool *is_there_out, char *sha256)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    uint8_t piece[FOLDER_WRITE_BYTES], digest[32];
    ssize_t n;

    *is_there_out = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? FAULT_NONE : failed(folder, name);
    }
    EVP_DigestInit_ex(folder->hash, EVP_sha256(), NULL);
    while ((n = read(fd, piece, sizeof(piece))) > 0) {
        EVP_DigestUpdate(folder->hash, piece, (size_t)n);
    }
    if (n < 0) {
        enum fault fault = failed(folder, name);
        close(fd);
        return fault;
    }
    close(fd);
    EVP_DigestFinal_ex(folder->hash, digest, NULL);
    hex(digest, sizeof(digest), sha256);
    return FAULT_NONE;
}

enum fault folder_end(struct folder *folder)
{
    struct folder_file *file = &folder->files[folder->n];
    char present[FOLDER_SHA256_TEXT_BYTES + 1];
    uint8_t digest[32];

    CHECK(folder->file >= 0);
    if (EVP_DigestFinal_ex(folder->hash, digest, NULL) != 1) {
        return fault_memory();
    }
    hex(digest, sizeof(digest), file->sha256);
    if (fsync(folder->file) != 0) {
        return failed(folder, file->name);
    }
    TAKE(hash_present(folder, file->name, &file->is_there, present));
    if (file->is_there && strcmp(present, file->sha256) != 0) {
        return fault_say(FAULT_CONFLICT,
                         "%s/%s: is there and has something else: sha256 is "
                         "%s, would be %s",
                         folder->cut->output, file->name, present,
                         file->sha256);
    }
    close(folder->file);
    folder->file = -1;
    if (file->is_there) {
        forget_temporary(folder, file->name);
    }
    folder->n += 1;
    return FAULT_NONE;
}

const struct folder_file *folder_files(const struct folder *folder,
                                       size_t *n_out)
{
    *n_out = folder->n;
    return folder->files;
}

/* Where the file system cannot rename without replacing, look first: flock
 * keeps others of us away. */
static int rename_new(int fd, const char *from, const char *to)
{
    struct stat status;

    if (renameat2(fd, from, fd, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    if (fstatat(fd, to, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(fd, from, fd, to);
}

static enum fault sync_folder(const struct folder *folder)
{
    if (fsync(folder->fd) != 0) {
        return fault_say(FAULT_FAILED, "%s: %s", folder->cut->output,
                         strerror(errno));
    }
    return FAULT_NONE;
}

static enum fault publish_file(struct folder *folder,
                               const struct folder_file *file)
{
    char path[FOLDER_NAME_BYTES_MAX + 8];

    temporary_name(file->name, path);
    if (!file->is_there && rename_new(folder->fd, path, file->name) != 0) {
        return failed(folder, file->name);
    }
    folder->published += 1;
    return FAULT_NONE;
}

enum fault folder_publish(struct folder *folder)
{
    CHECK(folder->file < 0 && folder->n > 0 && folder->published == 0);
    while (folder->published < folder->n - 1) {
        TAKE(publish_file(folder, &folder->files[folder->published]));
    }
    TAKE(sync_folder(folder));
    TAKE(publish_file(folder, &folder->files[folder->n - 1]));
    return sync_folder(folder);
}

#include "ops/audit/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/check.h"

enum { READ_BYTES = 64 * 1024 };

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum error add(struct names *names, const char *name)
{
    if ((names->n & (names->n - 1)) == 0) { /* 0, 1, 2, 4, ... */
        size_t room = names->n == 0 ? 1 : names->n * 2;
        char **more = reallocarray(names->names, room, sizeof(*more));

        if (more == NULL) {
            return ERROR_NO_MEMORY;
        }
        names->names = more;
    }
    names->names[names->n] = strdup(name);
    if (names->names[names->n] == NULL) {
        return ERROR_NO_MEMORY;
    }
    names->n++;
    return ERROR_NONE;
}

static enum error add_all(struct names *names, DIR *folder)
{
    const struct dirent *entry;

    while ((errno = 0, entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            TRY(add(names, entry->d_name));
        }
    }
    return error_from_errno(errno);
}

enum error names_list(const char *directory, const char *folder,
                      struct names *names_out)
{
    char path[NAMES_PATH_BYTES];
    DIR *opened;
    enum error error;

    *names_out = (struct names){0};
    if (snprintf(path, sizeof(path), "%s/%s", directory, folder) >=
        (int)sizeof(path)) {
        return ERROR_TOO_LARGE;
    }
    opened = opendir(path);
    if (opened == NULL) {
        return error_from_errno(errno);
    }
    error = add_all(names_out, opened);
    closedir(opened);
    if (error != ERROR_NONE) {
        names_deinit(names_out);
    } else if (names_out->n > 0) {
        qsort(names_out->names, names_out->n, sizeof(char *), compare);
    }
    return error;
}

void names_deinit(struct names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->names[i]);
    }
    free(names->names);
    *names = (struct names){0};
}

static int open_file(const char *path)
{
    return strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
                                  : open(path, O_RDONLY | O_CLOEXEC);
}

/* Read a piece. Returns its bytes, 0 at the end. */
static ssize_t read_piece(int fd, uint8_t *to)
{
    ssize_t n;

    do {
        n = read(fd, to, READ_BYTES);
    } while (n < 0 && errno == EINTR);
    return n;
}

enum error names_read_file(const char *path, size_t bytes_max,
                           struct buffer *to)
{
    uint8_t piece[READ_BYTES];
    int fd = open_file(path);
    ssize_t n = 0;
    enum error error;

    buffer_clear(to);
    if (fd < 0) {
        return error_from_errno(errno);
    }
    while (to->len <= bytes_max && (n = read_piece(fd, piece)) > 0) {
        buffer_append(to, piece, (size_t)n);
    }
    error = n < 0 ? error_from_errno(errno) : ERROR_NONE;
    close(fd);
    if (buffer_failed(to)) {
        return ERROR_NO_MEMORY;
    }
    return to->len > bytes_max ? ERROR_TOO_LARGE : error;
}

enum error names_hash_file(const char *path, struct merkle_hash *hash_out,
                           uint64_t *bytes_out)
{
    uint8_t piece[READ_BYTES];
    int fd = open_file(path);
    EVP_MD_CTX *context;
    ssize_t n;
    enum error error;

    if (fd < 0) {
        return error_from_errno(errno);
    }
    context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    CHECK(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    *bytes_out = 0;
    while ((n = read_piece(fd, piece)) > 0) {
        CHECK(EVP_DigestUpdate(context, piece, (size_t)n) == 1);
        *bytes_out += (uint64_t)n;
    }
    error = n < 0 ? error_from_errno(errno) : ERROR_NONE;
    CHECK(EVP_DigestFinal_ex(context, hash_out->bytes, NULL) == 1);
    EVP_MD_CTX_free(context);
    close(fd);
    return error;
}

void names_hex(const struct merkle_hash *hash, char text[65])
{
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

bool names_next_line(struct slice *rest, struct slice *line_out)
{
    const uint8_t *end;

    if (rest->len == 0) {
        return false;
    }
    end = memchr(rest->data, '\n', rest->len);
    *line_out = slice_of(rest->data,
                         end == NULL ? rest->len : (size_t)(end - rest->data));
    *rest = slice_after(*rest, line_out->len + 1);
    return true;
}

#include "ops/audit/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/check.h"

struct archive {
    int fd; /* Of the directory. */
    char *directory;
};

enum error archive_open(const char *directory, struct archive **archive_out)
{
    struct archive *archive = calloc(1, sizeof(*archive));

    if (archive == NULL) {
        return ERROR_NO_MEMORY;
    }
    archive->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    archive->directory = strdup(directory);
    if (archive->fd < 0 || archive->directory == NULL) {
        enum error error =
            archive->fd < 0 ? error_from_errno(errno) : ERROR_NO_MEMORY;

        archive_close(archive);
        return error;
    }
    *archive_out = archive;
    return ERROR_NONE;
}

void archive_close(struct archive *archive)
{
    if (archive == NULL) {
        return;
    }
    if (archive->fd >= 0) {
        close(archive->fd);
    }
    free(archive->directory);
    free(archive);
}

const char *archive_directory(const struct archive *archive)
{
    return archive->directory;
}

/* Read all of a file; at its end a read gives nothing. */
static enum error read_all(int fd, size_t bytes_max, struct buffer *to)
{
    enum { READ_BYTES = 128 * 1024 };

    for (;;) {
        uint8_t *room = buffer_reserve(to, READ_BYTES);
        ssize_t n;

        if (room == NULL) {
            return ERROR_NO_MEMORY;
        }
        n = read(fd, room, READ_BYTES);
        if (n < 0 && errno != EINTR) {
            return error_from_errno(errno);
        }
        if (n == 0) {
            return ERROR_NONE;
        }
        to->len += n > 0 ? (size_t)n : 0;
        if (to->len > bytes_max) {
            return ERROR_TOO_LARGE;
        }
    }
}

enum error archive_read(const struct archive *archive, const char *path,
                        size_t bytes_max, struct buffer *to)
{
    int fd = openat(archive->fd, path, O_RDONLY | O_CLOEXEC);
    enum error error;

    buffer_clear(to);
    if (fd < 0) {
        return errno == ENOTDIR ? ERROR_NOT_FOUND : error_from_errno(errno);
    }
    error = read_all(fd, bytes_max, to);
    close(fd);
    return error;
}

bool archive_has(const struct archive *archive, const char *path)
{
    struct stat stat;

    return fstatat(archive->fd, path, &stat, 0) == 0 && S_ISREG(stat.st_mode);
}

/* The width of the narrowest tile that is there and wider; else full. */
static unsigned wider(const struct archive *archive, int level, uint64_t index,
                      unsigned width)
{
    char path[TILE_PATH_BYTES];

    for (width++; width < TILE_WIDTH; width++) {
        tile_path(path, level, index, width);
        if (archive_has(archive, path)) {
            break;
        }
    }
    return width;
}

enum error archive_tile(const struct archive *archive, int level,
                        uint64_t index, unsigned width, struct buffer *to)
{
    size_t bytes_max =
        level == TILE_ENTRIES ? ARCHIVE_BUNDLE_BYTES_MAX : TILE_BYTES;
    char path[TILE_PATH_BYTES];
    enum error error;

    tile_path(path, level, index, width);
    error = archive_read(archive, path, bytes_max, to);
    if (error == ERROR_NOT_FOUND && width < TILE_WIDTH) {
        tile_path(path, level, index, wider(archive, level, index, width));
        error = archive_read(archive, path, bytes_max, to);
    }
    if (error == ERROR_NONE && level != TILE_ENTRIES) {
        size_t bytes = (size_t)width * MERKLE_HASH_BYTES;

        if (to->len < bytes) {
            return ERROR_TRUNCATED;
        }
        to->len = bytes;
    }
    return error;
}

enum error archive_record(const struct archive *archive, uint64_t csn,
                          uint64_t size, struct buffer *to)
{
    uint64_t index = csn / TILE_WIDTH;
    struct buffer bundle = BUFFER_EMPTY;
    struct slice rest, record = SLICE_NONE;
    enum error error;

    if (csn >= size) {
        return ERROR_NOT_FOUND;
    }
    error = archive_tile(archive, TILE_ENTRIES, index,
                         tile_width(TILE_ENTRIES, index, size), &bundle);
    rest = buffer_slice(&bundle);
    for (uint64_t i = 0; i <= csn % TILE_WIDTH && error == ERROR_NONE; i++) {
        error = bundle_next(&rest, &record);
        error = error == ERROR_NOT_FOUND ? ERROR_TRUNCATED : error;
    }
    buffer_clear(to);
    buffer_append_slice(to, error == ERROR_NONE ? record : SLICE_NONE);
    buffer_deinit(&bundle);
    return error;
}

void archive_payload_path(char path[ARCHIVE_PATH_BYTES], uint64_t csn)
{
    static const char before[] = "tile/0/";
    char tile[TILE_PATH_BYTES];

    tile_path(tile, 0, csn, TILE_WIDTH);
    snprintf(path, ARCHIVE_PATH_BYTES, "payload/%s", tile + sizeof(before) - 1);
}

void archive_tree_init(struct archive_tree *tree, const struct archive *archive,
                       uint64_t size)
{
    *tree = (struct archive_tree){
        .archive = archive, .size = size, .level = TILE_ENTRIES};
}

void archive_tree_deinit(struct archive_tree *tree)
{
    buffer_deinit(&tree->tile);
}

/* Hold the tile that has so many hashes from first on, all of its level. */
static enum error hold_tile(struct archive_tree *tree, int level,
                            uint64_t first)
{
    uint64_t index = first / TILE_WIDTH;
    unsigned width = tile_width(level, index, tree->size);

    if (tree->level == level && tree->index == index) {
        return ERROR_NONE;
    }
    if (width == 0) {
        return ERROR_NOT_FOUND;
    }
    tree->level = TILE_ENTRIES;
    TRY(archive_tile(tree->archive, level, index, width, &tree->tile));
    tree->level = level;
    tree->index = index;
    return ERROR_NONE;
}

enum error archive_hash(void *context, unsigned level, uint64_t index,
                        struct merkle_hash *hash_out)
{
    struct archive_tree *tree = context;
    unsigned above = level % TILE_HEIGHT;
    uint64_t first = index << above;
    size_t at = first % TILE_WIDTH;
    struct merkle_frontier frontier = {0};

    TRY(hold_tile(tree, (int)(level / TILE_HEIGHT), first));
    for (size_t i = at; i < at + (1U << above); i++) {
        struct merkle_hash hash;

        if ((i + 1) * MERKLE_HASH_BYTES > tree->tile.len) {
            return ERROR_TRUNCATED;
        }
        memcpy(hash.bytes, tree->tile.data + i * MERKLE_HASH_BYTES,
               MERKLE_HASH_BYTES);
        merkle_grow(&frontier, &hash);
    }
    merkle_root(&frontier, hash_out);
    return ERROR_NONE;
}

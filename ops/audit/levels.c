#include "ops/audit/levels.h"

#include <inttypes.h>

#include "proto/base/check.h"

void levels_init(struct levels *levels, const struct archive *archive,
                 uint64_t size, struct findings *findings)
{
    *levels =
        (struct levels){.archive = archive, .size = size, .findings = findings};
}

uint64_t levels_leaves(const struct levels *levels)
{
    uint64_t leaves = 0;

    for (size_t i = TILE_LEVELS; i-- > 0;) {
        leaves = (leaves << TILE_HEIGHT) + levels->levels[i].n;
    }
    return leaves;
}

/* Which hash of a tile is another than was made of the records. */
static unsigned first_difference(const struct level *level, unsigned width,
                                 struct slice stored)
{
    unsigned i = 0;

    while (i < width && memcmp(level->hashes[i].bytes,
                               stored.data + (size_t)i * MERKLE_HASH_BYTES,
                               MERKLE_HASH_BYTES) == 0) {
        i++;
    }
    return i;
}

/* Hold a tile above the leaves' against the archive's. */
static void compare(struct levels *levels, int at)
{
    struct level *level = &levels->levels[at];
    struct buffer stored = BUFFER_EMPTY;
    char path[TILE_PATH_BYTES];
    enum error error =
        archive_tile(levels->archive, at, level->index, level->n, &stored);
    unsigned differs;

    levels->tiles++;
    tile_path(path, at, level->index, level->n);
    if (error != ERROR_NONE) {
        findings_error(levels->findings, AUDIT_TREE, "%s: %s", path,
                       error_text(error));
    } else {
        differs = first_difference(level, level->n, buffer_slice(&stored));
        if (differs < level->n) {
            findings_error(levels->findings, AUDIT_TREE,
                           "%s is altered: its hash %u is not that of the "
                           "tiles below",
                           path, differs);
        }
    }
    buffer_deinit(&stored);
}

static void add(struct levels *levels, int at, const struct merkle_hash *hash)
{
    struct level *level = &levels->levels[at];
    struct merkle_hash root;

    level->hashes[level->n] = *hash;
    level->n++;
    merkle_grow(&level->frontier, hash);
    if (level->n == TILE_WIDTH) {
        if (at > 0) {
            compare(levels, at);
        }
        root = level->frontier.hashes[0];
        level->n = 0;
        level->index++;
        level->frontier.size = 0;
        CHECK(at + 1 < TILE_LEVELS);
        add(levels, at + 1, &root);
    }
}

void levels_add_leaf(struct levels *levels, const struct merkle_hash *leaf)
{
    add(levels, 0, leaf);
}

void levels_add_unknown(struct levels *levels, const struct merkle_hash *root)
{
    CHECK(levels->levels[0].n == 0);
    levels->levels[0].index++;
    add(levels, 1, root);
}

/* The frontiers of the levels, the highest first, are that of the whole. */
void levels_root(const struct levels *levels, struct merkle_hash *root_out)
{
    struct merkle_frontier whole = {.size = levels_leaves(levels)};
    size_t n = 0;

    for (size_t i = TILE_LEVELS; i-- > 0;) {
        const struct merkle_frontier *part = &levels->levels[i].frontier;
        size_t count = merkle_frontier_count(part->size);

        memcpy(&whole.hashes[n], part->hashes, count * sizeof(whole.hashes[0]));
        n += count;
    }
    CHECK(n == merkle_frontier_count(whole.size));
    merkle_root(&whole, root_out);
}

enum error levels_parent(const struct levels *levels, int level, uint64_t index,
                         struct merkle_hash *hash_out)
{
    uint64_t tile = index / TILE_WIDTH;
    unsigned at = (unsigned)(index % TILE_WIDTH);
    unsigned width = tile_width(level + 1, tile, levels->size);
    struct buffer stored = BUFFER_EMPTY;
    enum error error = ERROR_NOT_FOUND;

    if (at < width) {
        error = archive_tile(levels->archive, level + 1, tile, width, &stored);
    }
    if (error == ERROR_NONE) {
        memcpy(hash_out->bytes, stored.data + (size_t)at * MERKLE_HASH_BYTES,
               MERKLE_HASH_BYTES);
    }
    buffer_deinit(&stored);
    return error;
}

void levels_end(struct levels *levels)
{
    for (int at = 1; at < TILE_LEVELS; at++) {
        if (levels->levels[at].n > 0) {
            compare(levels, at);
        }
    }
}

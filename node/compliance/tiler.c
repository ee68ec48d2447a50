#include "node/compliance/tiler.h"

#include <string.h>

#include "proto/base/check.h"

enum {
    HASH = MERKLE_HASH_BYTES,
    LEVELS = TILE_LEVELS - 1, /* 2^56 records: what is above is never begun. */
};

void tiler_init(struct tiler *tiler)
{
    tiler->size = 0;
    buffer_init(&tiler->bundle);
}

void tiler_deinit(struct tiler *tiler)
{
    buffer_deinit(&tiler->bundle);
}

/* How many hashes a level's open tile has. */
static unsigned width_of(const struct tiler *tiler, int level)
{
    return (unsigned)(tiler->size >> (TILE_HEIGHT * level)) % TILE_WIDTH;
}

static uint64_t index_of(const struct tiler *tiler, int level)
{
    return tiler->size >> (TILE_HEIGHT * (level + 1));
}

static void put_hash(struct tiler *tiler, int level, unsigned at,
                     const struct merkle_hash *hash)
{
    memcpy(tiler->tiles[level] + (size_t)at * HASH, hash->bytes, HASH);
}

enum error tiler_resume(struct tiler *tiler, uint64_t size, merkle_reader *read,
                        void *context)
{
    struct merkle_hash hash;

    CHECK(size % TILE_WIDTH == 0);
    tiler->size = size;
    buffer_clear(&tiler->bundle);
    for (int level = 1; level < LEVELS; level++) {
        unsigned width = width_of(tiler, level);
        uint64_t first = index_of(tiler, level) * TILE_WIDTH;

        for (unsigned i = 0; i < width; i++) {
            TRY(read(context, (unsigned)(TILE_HEIGHT * level), first + i,
                     &hash));
            put_hash(tiler, level, i, &hash);
        }
    }
    return ERROR_NONE;
}

void tiler_fold(const uint8_t *hashes, size_t n, struct merkle_hash *root_out)
{
    struct merkle_hash nodes[TILE_WIDTH];

    CHECK(n >= 1 && n <= TILE_WIDTH && (n & (n - 1)) == 0);
    memcpy(nodes, hashes, n * HASH);
    for (; n > 1; n /= 2) {
        for (size_t i = 0; i < n / 2; i++) {
            merkle_node(&nodes[2 * i], &nodes[2 * i + 1], &nodes[i]);
        }
    }
    *root_out = nodes[0];
}

/* Give out the tiles that the last leaf has filled: one level, and the next one
 * when the root of this fills that. */
static enum error take_full(struct tiler *tiler, tiler_take *take,
                            void *context)
{
    struct merkle_hash root;

    for (int level = 0; level < LEVELS && width_of(tiler, level) == 0;
         level++) {
        TRY(take(context, level, index_of(tiler, level) - 1, TILE_WIDTH,
                 slice_of(tiler->tiles[level], TILE_BYTES)));
        if (level + 1 == LEVELS) {
            break;
        }
        tiler_fold(tiler->tiles[level], TILE_WIDTH, &root);
        put_hash(tiler, level + 1,
                 (width_of(tiler, level + 1) + TILE_WIDTH - 1) % TILE_WIDTH,
                 &root);
    }
    return ERROR_NONE;
}

enum error tiler_add(struct tiler *tiler, struct slice record, tiler_take *take,
                     void *context)
{
    struct merkle_hash leaf;

    merkle_leaf(record, &leaf);
    put_hash(tiler, 0, width_of(tiler, 0), &leaf);
    bundle_add(&tiler->bundle, record);
    if (buffer_failed(&tiler->bundle)) {
        return ERROR_NO_MEMORY;
    }
    tiler->size += 1;
    if (tiler->size % TILE_WIDTH != 0) {
        return ERROR_NONE;
    }
    TRY(take(context, TILE_ENTRIES, index_of(tiler, 0) - 1, TILE_WIDTH,
             buffer_slice(&tiler->bundle)));
    buffer_clear(&tiler->bundle);
    return take_full(tiler, take, context);
}

/* The first n entries of the open bundle. */
static struct slice first_entries(const struct tiler *tiler, unsigned n)
{
    struct slice all = buffer_slice(&tiler->bundle), rest = all, record;

    for (unsigned i = 0; i < n; i++) {
        CHECK(bundle_next(&rest, &record) == ERROR_NONE);
    }
    return slice_of(all.data, all.len - rest.len);
}

enum error tiler_partial(struct tiler *tiler, uint64_t size, tiler_take *take,
                         void *context)
{
    CHECK(size <= tiler->size);
    for (int level = 0; level < LEVELS; level++) {
        uint64_t hashes = size >> (TILE_HEIGHT * level);
        unsigned width = (unsigned)(hashes % TILE_WIDTH);
        uint64_t index = index_of(tiler, level);

        if (width == 0 || hashes / TILE_WIDTH != index) {
            continue;
        }
        if (level == 0) {
            TRY(take(context, TILE_ENTRIES, index, width,
                     first_entries(tiler, width)));
        }
        TRY(take(context, level, index, width,
                 slice_of(tiler->tiles[level], (size_t)width * HASH)));
    }
    return ERROR_NONE;
}

/* The root of a full subtree that is at the open end: those of the frontier. */
static enum error read_open(void *context, unsigned level, uint64_t index,
                            struct merkle_hash *hash_out)
{
    const struct tiler *tiler = context;
    int tile = (int)level / TILE_HEIGHT;
    size_t n = (size_t)1 << (level % TILE_HEIGHT);
    size_t first = (size_t)(index << (level % TILE_HEIGHT)) % TILE_WIDTH;

    CHECK(first + n <= TILE_WIDTH);
    tiler_fold(tiler->tiles[tile] + first * HASH, n, hash_out);
    return ERROR_NONE;
}

void tiler_root(const struct tiler *tiler, struct merkle_hash *root_out)
{
    enum error error = merkle_root_of(read_open, (void *)(uintptr_t)tiler,
                                      tiler->size, root_out);

    CHECK(error == ERROR_NONE);
}

#include "proto/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { ARENA_BLOCK_MAX = 64 * 1024, ARENA_BLOCK_MIN = 256 };

struct block {
    struct block *next;
    size_t used;
    size_t size; /* Of data. */
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *head; /* The block being filled; older ones follow. */
    size_t next_size;
    size_t bytes;
};

static struct block *block_new(struct arena *arena, size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    if (block != NULL) {
        block->next = arena->head;
        block->used = 0;
        block->size = size;
        arena->head = block;
        arena->bytes += sizeof(*block) + size;
    }
    return block;
}

struct arena *arena_new(size_t first_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (arena == NULL) {
        return NULL;
    }
    arena->next_size =
        first_bytes < ARENA_BLOCK_MIN ? ARENA_BLOCK_MIN : first_bytes;
    return arena;
}

static void blocks_free(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    blocks_free(arena->head);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    struct block *keep = arena->head;

    if (keep != NULL && keep->size > ARENA_BLOCK_MAX) {
        keep = NULL;
    }
    blocks_free(keep == NULL ? arena->head : keep->next);
    arena->head = keep;
    arena->bytes = 0;
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
        arena->bytes = sizeof(*keep) + keep->size;
    }
}

void *arena_alloc(struct arena *arena, size_t len)
{
    size_t align = alignof(max_align_t);
    size_t need = (len + align - 1) / align * align;
    struct block *block = arena->head;
    void *memory;

    CHECK(len <= SIZE_MAX / 2);
    if (block == NULL || block->size - block->used < need) {
        size_t size = need > arena->next_size ? need : arena->next_size;

        block = block_new(arena, size);
        if (block == NULL) {
            return NULL;
        }
        if (arena->next_size < ARENA_BLOCK_MAX) {
            arena->next_size *= 2;
        }
    }
    memory = block->data + block->used;
    block->used += need;
    return memset(memory, 0, len);
}

char *arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);

    if (copy != NULL && bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return copy;
}

struct slice arena_copy_slice(struct arena *arena, struct slice bytes)
{
    char *copy = bytes.len == 0 ? NULL : arena_copy(arena, bytes);

    return copy == NULL ? SLICE_NONE : slice_of(copy, bytes.len);
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->bytes;
}

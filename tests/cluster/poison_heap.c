#include "tests/cluster/poison_heap.h"

#include <raft.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIVE UINT64_C(0xa11ce000a11ce000)
#define FREED UINT64_C(0xdeaddeaddeaddead)

/* Before every block. */
struct header {
    uint64_t mark;
    uint64_t size;
};

static void *take(size_t size)
{
    struct header *header = calloc(1, sizeof(*header) + size);

    if (header == NULL) {
        return NULL;
    }
    *header = (struct header){ALIVE, size};
    return header + 1;
}

static void give(void *block)
{
    struct header *header = (struct header *)block - 1;

    if (block == NULL) {
        return;
    }
    if (header->mark != ALIVE) {
        abort(); /* Freed twice, or never taken. */
    }
    header->mark = FREED;
    memset(block, POISON, header->size);
}

static void *heap_malloc(void *data, size_t size)
{
    (void)data;
    return take(size);
}

static void heap_free(void *data, void *block)
{
    (void)data;
    give(block);
}

static void *heap_calloc(void *data, size_t n, size_t size)
{
    (void)data;
    return take(n * size);
}

static void *heap_realloc(void *data, void *block, size_t size)
{
    void *moved = take(size);

    (void)data;
    if (moved != NULL && block != NULL) {
        size_t old = (size_t)((struct header *)block - 1)->size;

        memcpy(moved, block, old < size ? old : size);
        give(block);
    }
    return moved;
}

static void *heap_aligned_alloc(void *data, size_t alignment, size_t size)
{
    (void)data;
    (void)alignment;
    return take(size);
}

static void heap_aligned_free(void *data, size_t alignment, void *block)
{
    (void)data;
    (void)alignment;
    give(block);
}

void poison_heap_begin(void)
{
    static struct raft_heap heap = {.malloc = heap_malloc,
                                    .free = heap_free,
                                    .calloc = heap_calloc,
                                    .realloc = heap_realloc,
                                    .aligned_alloc = heap_aligned_alloc,
                                    .aligned_free = heap_aligned_free};

    raft_heap_set(&heap);
}

/* Memory that lives as long as one request and is freed whole.
 *
 * Thread: one at a time; an arena changes hands with the letter it belongs to.
 */
#ifndef PROTO_BASE_ARENA_H
#define PROTO_BASE_ARENA_H

#include <stddef.h>

#include "proto/base/slice.h"

struct arena;

/**
 * Make an arena.
 *
 * @first_bytes  Size of the first block; later blocks double up to 64 KiB or
 *               the size of what is asked for.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct arena *arena_new(size_t first_bytes);

/** Free the arena and all that came from it. Accepts NULL. */
void arena_free(struct arena *arena);

/**
 * Allocate len zeroed bytes, aligned for any type.
 *
 * Returns NULL when memory is out. Valid until arena_free.
 */
void *arena_alloc(struct arena *arena, size_t len);

/**
 * Forget all that came from the arena, but keep its newest block for what
 * comes next unless that was an outsized one.
 */
void arena_reset(struct arena *arena);

/** Copy bytes into the arena; the copy is followed by a NUL. NULL on OOM. */
char *arena_copy(struct arena *arena, struct slice bytes);

/** Copy bytes into the arena as a slice; SLICE_NONE on OOM or no bytes. */
struct slice arena_copy_slice(struct arena *arena, struct slice bytes);

/** Count the bytes the arena has taken from the heap. */
size_t arena_bytes(const struct arena *arena);

#endif

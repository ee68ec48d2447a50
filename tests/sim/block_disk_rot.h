/* Damage at rest: what time and firmware do to a disk nobody writes to.
 *
 * Files are named by their whole path, directory and all. Each call returns
 * false, and does nothing, when there is no such file or place.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_BLOCK_DISK_ROT_H
#define TESTS_SIM_BLOCK_DISK_ROT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/block_disk.h"

/** Borrow the bytes of a file, to read or to spoil. NULL when there is none. */
uint8_t *disk_bytes(struct disk *disk, const char *path, size_t *len_out);

/** Flip one bit, counted from the start of the file. */
bool disk_flip_bit(struct disk *disk, const char *path, uint64_t bit);

/** Zero the 4 KiB block that holds the offset. */
bool disk_zero_block(struct disk *disk, const char *path, uint64_t offset);

/** Cut the file short, or lengthen it with zeros. */
bool disk_resize(struct disk *disk, const char *path, size_t bytes);

/** Delete the file. */
bool disk_delete(struct disk *disk, const char *path);

/** Exchange the contents of two files. */
bool disk_swap(struct disk *disk, const char *path, const char *other);

/**
 * Bring back what a 4 KiB block held before it was last written, as a write
 * that the drive acknowledged and lost. Needs the knob remember.
 */
bool disk_stale_block(struct disk *disk, const char *path, uint64_t offset);

/** Write a file, made when missing, with these bytes. */
bool disk_put(struct disk *disk, const char *path, const void *bytes,
              size_t len);

/** Call each for every file of the disk, in order of making. */
void disk_each(struct disk *disk,
               void (*each)(void *context, const char *path, size_t bytes),
               void *context);

#endif

/* The seal: what a store's directory is known to hold, kept beside RocksDB's
 * files, because RocksDB takes a MANIFEST that lost its end for a whole one.
 *
 * It holds the layout's version, how many tables there are and the highest log
 * index that was called flushed. Two slots on blocks of their own are written
 * in turn, so that a torn write leaves the other.
 *
 *   offset bytes   (little-endian; slots at 0 and SEAL_SLOT_BYTES)
 *        0     8  "perchsto"
 *        8     4  SEAL_FORMAT
 *       12     4  tables
 *       16     8  serial, one more with each write
 *       24     8  flushed log index
 *       32     4  CRC32C of the bytes before
 *
 * Thread: one at a time.
 */
#ifndef STORAGE_ROCKS_SEAL_H
#define STORAGE_ROCKS_SEAL_H

#include <stdint.h>

#include "proto/base/error.h"

#define SEAL_FILE "SEAL"

enum { SEAL_FORMAT = 1, SEAL_SLOT_BYTES = 4096, SEAL_SLOTS = 2 };

struct seal {
    uint32_t tables;
    uint64_t serial;
    uint64_t index;
};

/**
 * Read the newer valid slot of a store's directory.
 *
 * Returns NOT_FOUND when there is no seal, UNSUPPORTED for a newer format,
 * ROTTEN when no slot is valid.
 */
enum error seal_read(const char *directory, struct seal *seal_out);

/**
 * Write the seal into its other slot, counting its serial up; durable when it
 * returns, but for the file's name in the directory.
 */
enum error seal_write(const char *directory, struct seal *seal);

#endif

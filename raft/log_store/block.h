/* A block that is valid as a whole: how every file of the log begins, and what
 * the slots of the vote file are.
 *
 *   offset bytes
 *        0     8  magic: what it is the head of
 *        8     4  CRC32C of bytes 12 to 511
 *       12     4  format, LOG_FORMAT
 *       16    16  pool id
 *       32     8  directory id
 *       40   472  its own fields, zero where there are none
 *      512  3584  zero
 *
 * Numbers are little-endian. All that counts lies in one sector, which a disk
 * writes whole or not at all. The first 16 bytes keep their meaning in every
 * format, so that an unknown one is told from damage.
 *
 * Thread: any.
 */
#ifndef RAFT_LOG_STORE_BLOCK_H
#define RAFT_LOG_STORE_BLOCK_H

#include "proto/base/error.h"
#include "raft/device.h"
#include "raft/log_store.h"

enum {
    LOG_FORMAT = 1,
    LOG_BLOCK_BYTES = DEVICE_BLOCK_BYTES,
    LOG_SECTOR_BYTES = 512,
    BLOCK_MAGIC_BYTES = 8,
    BLOCK_FIELDS_AT = 40,
};

/**
 * Complete a block: all but its own fields, which the caller has set.
 *
 * @magic  BLOCK_MAGIC_BYTES characters.
 */
void block_seal(uint8_t block[LOG_BLOCK_BYTES], const char *magic,
                const struct log_identity *identity);

/**
 * Say whether a block is what block_seal made.
 *
 * Returns ROTTEN, UNSUPPORTED, or WRONG_POOL when it is another's.
 */
enum error block_check(const uint8_t block[LOG_BLOCK_BYTES], const char *magic,
                       const struct log_identity *identity);

/** Say in words what is wrong with a block that block_check refuses. */
const char *block_complaint(enum error error);

/** Tell whether all bytes have one value. */
bool bytes_are(const uint8_t *bytes, size_t len, uint8_t value);

/** Count the sectors of whole blocks that are all zero. */
size_t blank_sectors(const uint8_t *bytes, size_t len);

/**
 * Allocate memory for direct reads and writes.
 *
 * @len  Multiple of LOG_BLOCK_BYTES.
 *
 * Returns NULL when memory is out. Release with free.
 */
uint8_t *blocks_alloc(size_t len);

#endif

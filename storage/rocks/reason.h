/* What RocksDB's texts mean. Its C functions answer with words alone, so the
 * words are read in one place.
 *
 * Thread: any.
 */
#ifndef STORAGE_ROCKS_REASON_H
#define STORAGE_ROCKS_REASON_H

#include "proto/base/error.h"

/**
 * Translate a text of RocksDB's and tell the journal.
 *
 * @event   Of the journal line; "store_rotten" is written instead when the
 *          text tells of damage.
 * @path    The store's directory.
 * @reason  From RocksDB; freed. NULL is no error.
 *
 * Returns NONE, ROTTEN, NO_SPACE, NO_MEMORY, BUSY, UNSUPPORTED or STORE_IO.
 */
enum error reason_take(const char *event, const char *path, char *reason);

/**
 * Translate a text of RocksDB's, as reason_take does, without a word to the
 * journal.
 */
enum error reason_read(const char *reason);

#endif

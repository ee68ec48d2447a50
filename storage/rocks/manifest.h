/* Looking a store's directory over before RocksDB opens it, for damage that
 * RocksDB 7.8.3 does not see or answers by forgetting:
 *
 * - no CURRENT: told to create what is missing, it would begin anew
 * - a MANIFEST with zeros inside: it skips to the next 32 KiB block, and where
 *   that begins with a record, the files that the skipped ones added are gone
 *   without a word
 * - no OPTIONS: it needs none, but who lost that file may have lost others
 *
 * A MANIFEST that ends early is what a crash leaves, and is taken; whether it
 * ends too early the seal says.
 *
 * Spec: the MANIFEST is a log of records in RocksDB's log format (blocks of
 * 32 KiB; CRC32C masked, length, type, payload; zeros where no header fits).
 *
 * Thread: any.
 */
#ifndef STORAGE_ROCKS_MANIFEST_H
#define STORAGE_ROCKS_MANIFEST_H

#include <stdbool.h>

#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "storage/files.h"

enum { MANIFEST_BLOCK_BYTES = 32768 };

/**
 * Look over CURRENT, the MANIFEST it names, and that there is an OPTIONS file.
 *
 * Returns ROTTEN, and one journal line that names the file.
 */
enum error manifest_check(const char *directory);

/**
 * Check the records of a MANIFEST.
 *
 * @bytes  The whole file.
 *
 * Returns NULL when it is records up to its end, the last one cut short or
 * followed by zeros at most; else what is wrong, a static string.
 */
const char *manifest_fault(struct slice bytes);

#endif

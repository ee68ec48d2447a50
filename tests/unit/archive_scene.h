/* Records for tests of an archive's files, and a look at what became of them.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_ARCHIVE_SCENE_H
#define TESTS_UNIT_ARCHIVE_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "node/compliance/pen.h"
#include "node/compliance/tiles.h"
#include "proto/base/buffer.h"
#include "proto/tlog/merkle.h"

enum {
    SCENE_WITHHELD_EACH = 37, /* One record of so many has a payload. */
    /* And one purges the payload of the record so many before. */
    SCENE_PURGES_AT = 75,
    SCENE_PURGES = 74,
};

/** Append record csn, the same at each call. */
void scene_record(uint64_t csn, struct buffer *to);

/** Append its payload; nothing for a record that has none. */
void scene_payload(uint64_t csn, struct buffer *to);

/** Tell whether the payload of a record is purged by one below size. */
bool scene_is_purged(uint64_t csn, uint64_t size);

/** Compute the root of the first size records. */
void scene_root(uint64_t size, struct merkle_hash *root_out);

/** Add records to a pen up to size. Returns the first error. */
enum error scene_add(struct pen *pen, uint64_t size);

/** Fail unless the files of a directory hold the first size records, the root
 * and the payloads of them. */
void scene_assert_files(const char *directory, uint64_t size);

#endif

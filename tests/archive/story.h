/* A story of a pool of three nodes as its archive has it: rooms, sessions that
 * come, join, talk, read and go, a node that is lost and comes back, canaries,
 * long posts beside the archive, files, and purges with their tombstones.
 *
 * The same for the same arguments. Thread: one.
 */
#ifndef TESTS_ARCHIVE_STORY_H
#define TESTS_ARCHIVE_STORY_H

#include <stdint.h>

#include "proto/base/slice.h"
#include "proto/record.h"

/* Commit time of the first record: 2026-11-01 00:00 UTC. A record each 100 ms.
 */
#define STORY_BEGIN_US INT64_C(1793491200000000)

enum { STORY_STEP_US = 100000, STORY_ROOMS = 5, STORY_SEATS = 9 };

/* Gets each record. */
typedef void story_take(void *context, struct slice bytes, int64_t time_us);

/* Gets each file beside, by its path in the archive; bytes NULL: it goes. */
typedef void story_file(void *context, const char *path, struct slice bytes);

/** Tell a story of exactly so many records, of whose posts every beside-th has
 * its command beside the archive; 0: none. */
void story_tell(uint64_t records, uint64_t beside, story_take *take,
                story_file *file, void *context);

#endif

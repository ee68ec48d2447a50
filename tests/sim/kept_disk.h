/* What a node's disk once held, to be put back: a backup that is restored, an
 * old machine that is switched on again.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_KEPT_DISK_H
#define TESTS_SIM_KEPT_DISK_H

#include "tests/sim/block_disk.h"

struct kept_disk;

/** Copy all files below a path. Owned: kept_disk_free. */
struct kept_disk *kept_disk_take(struct disk *disk, const char *path);

/** Put them in the place of all that is below the path now. */
void kept_disk_put_back(const struct kept_disk *kept, struct disk *disk);

/** Delete all files below a path. */
void kept_disk_clear(struct disk *disk, const char *path);

/** Free. Accepts NULL. */
void kept_disk_free(struct kept_disk *kept);

#endif

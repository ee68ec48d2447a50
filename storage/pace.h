/* Reading no faster than asked, so that a check of many gigabytes leaves the
 * disk to those who are waiting for it.
 *
 * Two implementations, chosen when a program is linked: storage/os sleeps,
 * tests/sim has no time to lose.
 *
 * Thread: the owner's; a worker.
 */
#ifndef STORAGE_PACE_H
#define STORAGE_PACE_H

#include <stdint.h>

struct pace {
    uint64_t bytes_per_s; /* 0: as fast as it goes. */
    uint64_t began_us;
    uint64_t bytes; /* Spent so far. */
};

/** Begin to count. */
void pace_init(struct pace *pace, uint64_t bytes_per_s);

/** Count bytes that were read, and sleep when they came too fast. */
void pace_spend(struct pace *pace, uint64_t bytes);

#endif

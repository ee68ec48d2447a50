/* A disk in memory that loses, tears, fills up and fails, under seeded chance:
 * what stands behind raft/device.h in tests and in the simulator.
 *
 * A disk holds every directory below one path prefix and fails as a whole, as
 * the disk of one machine does. The code under test opens its directories by
 * path as usual (device_sim.c); the test holds the disk and its knobs.
 *
 * What is modelled:
 *   sector   512 bytes; written whole or not at all, old content otherwise.
 *   write    of a DEVICE_DIRECT file: durable when it returns. Of another: in
 *            a crash each of its unsynced sectors is kept or lost by itself.
 *   name     made, renamed, removed: in a crash a prefix of the changes not
 *            yet synced survives (a journalling file system's order).
 *   step     each call that changes the disk; counted, so that a test can stop
 *            the disk in the middle of any of them.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_BLOCK_DISK_H
#define TESTS_SIM_BLOCK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/error.h"

struct disk;

/* Read by the disk at every step; the test sets them at any time. */
struct disk_knobs {
    uint64_t capacity_bytes; /* 0: as much as is asked for. */

    /* The step that is cut short: a write keeps some of its sectors, and all
     * calls fail with IO until disk_crash. 0: none. Steps count from 1. */
    uint64_t stop_at_step;

    /* The step that fails with error, keeping some sectors of a write, and
     * whether all later ones do as well. 0: none. */
    uint64_t fail_at_step;
    enum error fail_error;
    bool fail_on;

    /* No step in this directory or below succeeds. NULL: none is so. */
    const char *refused;
    enum error refused_error;

    /* The next write of a file whose directory has this in its path keeps
     * another bit than it was given; then NULL again. */
    const char *bent;

    enum error read_error; /* Of every read while it is not NONE. */

    /* What a step takes: charged to disk_take_us. */
    uint64_t step_us;
    uint64_t mib_us; /* For each MiB written. */

    bool remember; /* Keep what each block held before (disk_stale_block). */
};

/**
 * Make an empty disk that answers for every path that begins with prefix.
 *
 * @random  Draws 64 random bits; all chance of the disk comes from it.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct disk *disk_new(const char *prefix, uint64_t (*random)(void *context),
                      void *context);

/** Free the disk; its devices and files must be closed. Accepts NULL. */
void disk_free(struct disk *disk);

/** Borrow the knobs, to read and to set. */
struct disk_knobs *disk_knobs(struct disk *disk);

/** Count the steps so far. */
uint64_t disk_steps(const struct disk *disk);

/** Stop the disk between two steps: all calls fail with IO until disk_crash. */
void disk_stop(struct disk *disk);

/** Tell whether the disk has stopped, by disk_stop or knob stop_at_step. */
bool disk_stopped(const struct disk *disk);

/**
 * Cut the power: what was not durable is kept or lost by chance. Devices and
 * files that are open are good for nothing but to be closed. The knobs
 * stop_at_step and fail_at_step are cleared; the disk works again.
 */
void disk_crash(struct disk *disk);

/** Take the microseconds that steps have cost since the last call. */
uint64_t disk_take_us(struct disk *disk);

#endif

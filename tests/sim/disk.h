/* A node's raft log as a disk would keep it: writes take effect in order, after
 * a while; what a crash cuts off is a matter of chance.
 *
 * Implements struct core_log. The real log store over a simulated block device
 * takes its place in later layers.
 */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include "raft/core_seams.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"

struct disk;

/* How the disk behaves. Rates are per million writes. */
struct disk_faults {
    uint32_t write_us, jitter_us; /* Of every write. */
    uint32_t stall;               /* Takes stall_us more. */
    uint32_t stall_us;
    uint32_t error;      /* Fails; some of it may be on the disk. */
    uint32_t meta_error; /* The same, for term and vote. */
};

/** Make an empty disk. The journal of its own random draws is seed's. */
struct disk *disk_new(struct schedule *schedule, uint64_t seed, uint64_t id);

/** Free. Accepts NULL. */
void disk_free(struct disk *disk);

/** Change the faults from now on. */
void disk_set_faults(struct disk *disk, const struct disk_faults *faults);

/** Be told of writes that no sane core asks for: a gap, a second vote. */
void disk_watch(struct disk *disk,
                void (*broken)(void *context, const char *what), void *context);

/** Write a founder's first entry. */
void disk_found(struct disk *disk, struct slice members);

/** Plug the disk into a life of its node. */
struct core_log disk_attach(struct disk *disk, struct actor *actor);

/** Lose power: writes not yet reported may be there in part or not at all. */
void disk_crash(struct disk *disk);

/** Let the next write take that much longer. */
void disk_stall(struct disk *disk, uint64_t for_us);

/** Fail the next write, or with meta the next write of term or vote. */
void disk_fail_next(struct disk *disk, bool meta);

/** Take back stalls and failures that have not struck yet. */
void disk_calm(struct disk *disk);

/** Tell the last index that would be found after a crash now. */
uint64_t disk_last_index(const struct disk *disk);

/** Tell whether a write has failed since the last attach. */
bool disk_has_failed(const struct disk *disk);

#endif

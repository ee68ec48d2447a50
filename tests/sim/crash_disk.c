/* Crash points over a block disk (tests/sim/block_disk.h), and that disk: it
 * answers for all that tests write below /tmp. */
#include <stdbool.h>
#include <stddef.h>

#include "proto/base/check.h"
#include "tests/sim/block_disk_inner.h"
#include "tests/sim/random.h"
#include "tests/unit/crash.h"

struct crash_point {
    unsigned nth;
    bool crashed;
    struct crash_report report;
};

static struct disk *disk;
static struct random chance;

static uint64_t draw(void *context)
{
    return random_next(context);
}

__attribute__((constructor)) static void make_disk(void)
{
    disk = disk_new("/tmp", draw, &chance);
    CHECK(disk != NULL);
}

__attribute__((destructor)) static void free_disk(void)
{
    disk_free(disk);
}

unsigned crash_seeds(void)
{
    return 32;
}

void crash_here(struct crash_point *point, uint8_t tag)
{
    if (point->crashed) {
        return;
    }
    CHECK(point->report.n < CRASH_POINTS_MAX);
    point->report.tags[point->report.n] = tag;
    point->report.n += 1;
    if (point->report.n == point->nth + 1) {
        disk_stop(disk);
        point->crashed = true;
    }
}

/* What was there before a run began is as old as the disk. */
static void settle(void)
{
    struct name *name;

    TAILQ_FOREACH (name, &disk->names, link) {
        disk_settle(disk, name->path);
        inode_sync(name->inode);
    }
}

void crash_run(const char *directory, unsigned nth, uint64_t seed,
               void (*run)(void *context, struct crash_point *point),
               void *context, struct crash_report *report_out)
{
    struct crash_point point = {.nth = nth};

    (void)directory; /* The whole disk goes. */
    settle();
    run(context, &point);
    if (point.crashed) {
        chance = random_stream(seed, nth);
        disk_crash(disk);
    }
    if (report_out != NULL) {
        *report_out = point.report;
    }
}

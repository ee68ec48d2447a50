/* Running something up to a point and crashing it there. Two implementations:
 * tests/unit/crash_kill.c, where a child process is killed with SIGKILL, and
 * tests/sim/crash_sim.c, where the power goes and unsynced bytes with it.
 *
 * What is run says CHECK rather than assert: a child that fails must die of
 * it. RocksDB's threads do not survive a fork, so a test that runs children
 * leaves the store to them.
 */
#ifndef TESTS_UNIT_CRASH_H
#define TESTS_UNIT_CRASH_H

#include <stdint.h>

enum { CRASH_POINTS_MAX = 256, CRASH_NEVER = CRASH_POINTS_MAX };

/* Where a run may crash. */
struct crash_point;

/* The points that a run passed, by what it called them. */
struct crash_report {
    unsigned n;
    uint8_t tags[CRASH_POINTS_MAX];
};

/**
 * Run something until its nth crash point, and crash it there.
 *
 * @directory   What a power cut takes: all below it that is not synced.
 * @nth         0 is the first point; CRASH_NEVER for none.
 * @seed        What of the unsynced stays; see files_sim_crash.
 * @run         Must return by itself when its calls fail after the crash, and
 *              leave no memory behind.
 * @report_out  The points up to and with the one it crashed at. NULL: unasked.
 */
void crash_run(const char *directory, unsigned nth, uint64_t seed,
               void (*run)(void *context, struct crash_point *point),
               void *context, struct crash_report *report_out);

/** Count the seeds that are worth trying: a kill knows but one way to die. */
unsigned crash_seeds(void);

/** Pass a crash point; may not return. */
void crash_here(struct crash_point *point, uint8_t tag);

#endif

#include "tests/unit/crash.h"

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/check.h"
#include "tests/sim/files_sim.h"

struct crash_point {
    const char *directory;
    unsigned nth;
    uint64_t seed;
    bool crashed;
    struct crash_report report;
};

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
        files_sim_crash(point->directory, point->seed);
        point->crashed = true;
    }
}

void crash_run(const char *directory, unsigned nth, uint64_t seed,
               void (*run)(void *context, struct crash_point *point),
               void *context, struct crash_report *report_out)
{
    struct crash_point point = {
        .directory = directory, .nth = nth, .seed = seed};

    run(context, &point);
    files_sim_restart(directory);
    if (report_out != NULL) {
        *report_out = point.report;
    }
}

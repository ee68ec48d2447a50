#include "tests/unit/crash.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "tests/unit/test.h"

/* In memory that the parent sees. */
struct crash_point {
    unsigned nth;
    struct crash_report report;
};

unsigned crash_seeds(void)
{
    return 1;
}

void crash_here(struct crash_point *point, uint8_t tag)
{
    CHECK(point->report.n < CRASH_POINTS_MAX);
    point->report.tags[point->report.n] = tag;
    point->report.n += 1;
    if (point->report.n == point->nth + 1) {
        kill(getpid(), SIGKILL);
    }
}

void crash_run(const char *directory, unsigned nth, uint64_t seed,
               void (*run)(void *context, struct crash_point *point),
               void *context, struct crash_report *report_out)
{
    struct crash_point *point =
        mmap(NULL, sizeof(*point), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int status;

    (void)directory;
    (void)seed;
    assert_ptr_not_equal(point, MAP_FAILED);
    point->nth = nth;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run(context, point);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_int_equal(point->report.n, nth + 1);
    } else {
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    if (report_out != NULL) {
        *report_out = point->report;
    }
    munmap(point, sizeof(*point));
}

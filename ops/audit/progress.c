#include "ops/audit/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    US_PER_S = 1000000,
    TERMINAL_US = US_PER_S / 4,
    ELSEWHERE_US = 10 * US_PER_S,
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

void progress_begin(struct progress *progress, const char *what, uint64_t total,
                    bool is_quiet)
{
    *progress = (struct progress){.what = what,
                                  .total = total,
                                  .is_quiet = is_quiet,
                                  .is_terminal = isatty(STDERR_FILENO) == 1,
                                  .begun_us = now_us()};
    progress->told_us = progress->begun_us;
}

static void tell(struct progress *progress, int64_t now)
{
    double seconds = (double)(now - progress->begun_us) / US_PER_S;
    double rate = (double)progress->done / (seconds > 0 ? seconds : 1);
    double left =
        rate > 0 ? (double)(progress->total - progress->done) / rate : 0;

    fprintf(stderr,
            "%s%" PRIu64 " of %" PRIu64 " %s, %.0f a second, %.0f s left%s",
            progress->is_terminal ? "\r" : "", progress->done, progress->total,
            progress->what, rate, left, progress->is_terminal ? "    " : "\n");
    progress->has_line = progress->is_terminal;
    progress->told_us = now;
}

void progress_add(struct progress *progress, uint64_t n)
{
    int64_t now;

    progress->done += n;
    if (progress->is_quiet) {
        return;
    }
    now = now_us();
    if (now - progress->told_us >=
        (progress->is_terminal ? TERMINAL_US : ELSEWHERE_US)) {
        tell(progress, now);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->has_line) {
        fputc('\n', stderr);
        progress->has_line = false;
    }
}

double progress_s(const struct progress *progress)
{
    return (double)(now_us() - progress->begun_us) / US_PER_S;
}

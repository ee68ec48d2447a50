#include "storage/pace.h"

#include <errno.h>
#include <time.h>

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void pace_init(struct pace *pace, uint64_t bytes_per_s)
{
    *pace = (struct pace){.bytes_per_s = bytes_per_s, .began_us = now_us()};
}

void pace_spend(struct pace *pace, uint64_t bytes)
{
    uint64_t due_us, wait_us;
    struct timespec wait;

    pace->bytes += bytes;
    if (pace->bytes_per_s == 0) {
        return;
    }
    due_us = pace->began_us +
             (uint64_t)((double)pace->bytes / (double)pace->bytes_per_s * 1e6);
    wait_us = now_us();
    if (wait_us >= due_us) {
        return;
    }
    wait_us = due_us - wait_us;
    wait = (struct timespec){.tv_sec = (time_t)(wait_us / 1000000),
                             .tv_nsec = (long)(wait_us % 1000000) * 1000};
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {
    }
}

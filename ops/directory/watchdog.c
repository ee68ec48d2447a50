#include "ops/directory/watchdog.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "proto/base/check.h"

/* Read by the signal's handler. */
static volatile sig_atomic_t watched = -1;

/* Async-signal-safe: shutdown is. */
static void on_alarm(int number)
{
    int before = errno;

    (void)number;
    if (watched >= 0) {
        (void)shutdown((int)watched, SHUT_RDWR);
    }
    errno = before;
}

void watchdog_watch(int fd)
{
    watched = fd;
}

static void set_timer(uint64_t ms)
{
    /* Again each second, for a connection that is made after the first. */
    const struct itimerval timer = {
        .it_value = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000},
        .it_interval = {ms == 0 ? 0 : 1, 0},
    };
    int failed = setitimer(ITIMER_REAL, &timer, NULL);

    CHECK(failed == 0);
}

void watchdog_start(uint64_t ms)
{
    const struct sigaction action = {.sa_handler = on_alarm,
                                     .sa_flags = SA_RESTART};
    int failed = sigaction(SIGALRM, &action, NULL);

    CHECK(failed == 0 && ms > 0);
    set_timer(ms);
}

void watchdog_stop(void)
{
    set_timer(0);
}

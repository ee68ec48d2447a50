/* The clock that all of perch-bench measures by.
 *
 * Thread: any.
 */
#ifndef OPS_BENCH_CLOCK_H
#define OPS_BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

/** Read the monotonic clock, in nanoseconds from an arbitrary start. */
static inline uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/** Tell the moment that is so many seconds from now. */
static inline uint64_t clock_after(double seconds)
{
    return clock_ns() + (uint64_t)(seconds * (double)NS_PER_S);
}

/** Read the CPU time this process has used, in nanoseconds. */
static inline uint64_t clock_own_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif

#include "node/descriptors.h"

#include <limits.h>
#include <sys/resource.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

enum error descriptors_claim(void)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    /* May be more than the kernel gives; then it stays as it is. */
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < DESCRIPTORS_MIN) {
        journal_error("descriptors_few", "allowed=%llu needed=%d",
                      (unsigned long long)limit.rlim_cur, DESCRIPTORS_MIN);
        return ERROR_TOO_LARGE;
    }
    return ERROR_NONE;
}

unsigned descriptors_for_callers(void)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(limit.rlim_cur >= DESCRIPTORS_MIN);
    return limit.rlim_cur > INT_MAX
               ? INT_MAX
               : (unsigned)(limit.rlim_cur - DESCRIPTORS_KEPT);
}

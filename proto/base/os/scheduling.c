#include "proto/base/os/scheduling.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "proto/base/journal.h"

void scheduling_gather(void)
{
    const struct sched_param none = {.sched_priority = 0};

    if (sched_getscheduler(0) != SCHED_BATCH &&
        sched_setscheduler(0, SCHED_BATCH, &none) != 0) {
        journal_warning("scheduling_refused", "policy=batch reason=\"%s\"",
                        strerror(errno));
    }
}

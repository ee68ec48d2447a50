#include "storage/pace.h"

/* Virtual time has no use for slow reading. */

void pace_init(struct pace *pace, uint64_t bytes_per_s)
{
    *pace = (struct pace){.bytes_per_s = bytes_per_s};
}

void pace_spend(struct pace *pace, uint64_t bytes)
{
    pace->bytes += bytes;
}

#include "raft/log_store/damage.h"

#include <stdio.h>

enum error damage_set(struct log_damage *damage, enum error error,
                      const char *file, uint64_t offset, uint64_t index,
                      const char *what)
{
    damage->error = error;
    snprintf(damage->file, sizeof(damage->file), "%s", file);
    damage->offset = offset;
    damage->index = index;
    damage->what = what;
    return error;
}

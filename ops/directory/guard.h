/* Whether a run takes away so much that a person has to look first.
 *
 * A directory that is half there looks like one that was cleaned up. So where
 * more than a share goes at once - of the directory's users, of its groups, of
 * one group's members - nothing is applied until an administrator confirms
 * exactly what would go.
 *
 * A run is named by what it takes away: the same facts give the same name on
 * any node. What was confirmed is kept in a file, so that what is left of it
 * after a crash is known as part of it.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_GUARD_H
#define OPS_DIRECTORY_GUARD_H

#include "ops/directory/difference.h"
#include "proto/base/error.h"

enum {
    GUARD_RUN_BYTES = 17, /* 16 hex digits and NUL. */
    GUARD_WHY_BYTES = 200,
    GUARD_FILE_BYTES_MAX = 256 * 1024 * 1024,
};

struct guard {
    unsigned percent; /* More than this share, */
    unsigned least;   /* and at least so many, are too much. */
};

/**
 * Judge what a difference takes away.
 *
 * @why  Names the worst of what is too much; empty when nothing is.
 *
 * Returns how many shares are exceeded; 0: it may be applied.
 */
size_t guard_judge(const struct guard *guard,
                   const struct difference *difference,
                   char why[GUARD_WHY_BYTES]);

/** Name a run by what it takes away. Empty when that is nothing. */
void guard_name(const struct difference *difference,
                char run_out[GUARD_RUN_BYTES]);

/** Keep what a run takes away, whole and synced, in place of what was kept.
 * Returns IO, and why in the journal. */
enum error guard_keep(const char *path, const struct difference *difference);

/**
 * Tell whether all that a difference takes away is part of a kept run.
 *
 * False also when the file is missing or is not that run's.
 */
bool guard_is_part(const char *path, const char *run,
                   const struct difference *difference);

#endif

/* Since when something lacks a part of the archive.
 *
 * What is behind for too long is counted from when it began to lack something,
 * not from its last word: an archive at rest is not behind, and its first
 * record after a quiet night does not find everybody late.
 *
 * Thread: any; the owner's.
 */
#ifndef NODE_CHAT_LAG_H
#define NODE_CHAT_LAG_H

#include <stdbool.h>
#include <stdint.h>

struct lag {
    int64_t since_us; /* 0: it lacks nothing. */
    uint64_t size;    /* Of the tree when it last spoke, */
    int64_t heard_us; /* and when that was. */
};

/** Note that there is more now. Returns whether the lag has changed. */
bool lag_grown(struct lag *lag, int64_t now_us);

/**
 * Note that it has that many records of a tree of size records.
 *
 * Who has all that there was when it last spoke lacks only what came after
 * that.
 */
void lag_heard(struct lag *lag, uint64_t has, uint64_t size, int64_t now_us);

/** Tell whether it has lacked something for more than limit_s, counted from
 * from_us at the earliest. */
bool lag_is_long(const struct lag *lag, int64_t now_us, int64_t from_us,
                 uint64_t limit_s);

#endif

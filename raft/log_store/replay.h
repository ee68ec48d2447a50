/* Reading a log as it lies on disk, without changing a byte of it: what it
 * holds, where it ends, or what is wrong with it.
 *
 * Thread: the opener's.
 */
#ifndef RAFT_LOG_STORE_REPLAY_H
#define RAFT_LOG_STORE_REPLAY_H

#include "raft/log_store/image.h"
#include "raft/log_store/segment.h"
#include "raft/log_store/vote_file.h"
#include "raft/log_store/window.h"

/* The names that device_list gave, segments in order of their number. */
struct log_files {
    struct {
        uint64_t number;
        uint64_t bytes;
    } * segments;
    size_t n;
    size_t capacity;
    bool has_spare; /* SEGMENT_SPARE, half made. */
    enum error error;
};

struct replay {
    struct device *device;
    const struct log_identity *identity;
    struct ballot ballot;
    struct mark mark;
    struct log_damage *damage;

    struct log_files files;
    struct window window;

    /* What was read so far. */
    struct image image;
    struct segment_table table;
    uint64_t segment;       /* Number of the last one begun; 0: none. */
    uint64_t segment_bytes; /* Of that one. */
    uint64_t position;      /* End of the last good batch in it. */
    uint64_t serial;        /* Of that batch; 0: none. */
    uint32_t chain;         /* Of the last record. */
    uint64_t keep_from;     /* The first segment that must be there. */

    uint64_t torn_to; /* From position to here lies an unacknowledged,
                         unfinished batch; 0: none does. */
    uint64_t spare;   /* Number of an unused segment; 0: none. */
    uint64_t spare_bytes;
};

/**
 * Read the whole log.
 *
 * device, identity, ballot, mark and damage are set by the caller and borrowed.
 *
 * Returns ROTTEN, FORGOTTEN, WRONG_POOL, UNSUPPORTED or what the device
 * reports, with damage set. replay_deinit in any case.
 */
enum error replay_run(struct replay *replay);

/** Free all that was not taken. */
void replay_deinit(struct replay *replay);

#endif

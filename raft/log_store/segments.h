/* The segment files of a log that is being written: the one in use, the next
 * one being prepared, the older ones until they are dropped.
 *
 * A segment is made under the name SEGMENT_SPARE, filled with zeros in steps,
 * then given its number and, when it is begun, its head block: no name changes
 * and no directory is synced on the way of a batch.
 *
 * Thread: the worker's, once open.
 */
#ifndef RAFT_LOG_STORE_SEGMENTS_H
#define RAFT_LOG_STORE_SEGMENTS_H

#include "raft/log_store/replay.h"

enum { SEGMENT_SPARE_STEP_BYTES = 256 * 1024 }; /* When there is time. */

struct segments {
    struct device *device; /* Borrowed. */
    struct log_identity identity;
    uint64_t segment_bytes; /* Of those to be made. */
    uint64_t floor_bytes;
    struct segment_table table;
    uint64_t keep_from; /* Segments below are to be dropped. */
    uint8_t *block;

    struct device_file *file; /* In use; NULL: none begun yet. */
    uint64_t number;          /* 0: none begun yet. */
    uint64_t bytes;
    uint64_t position;

    struct device_file *spare;
    uint64_t spare_filled;
    bool spare_ready; /* It has its number, number + 1. */
    uint64_t spare_waits;
};

/**
 * Take up where a replay ended. The log has been healed: its tail is zero and
 * no file is there but those of the table and, when replay->spare is not 0, a
 * spare of the right number and size.
 *
 * replay->table is taken. segments_close in any case.
 */
enum error segments_open(struct segments *segments, struct device *device,
                         const struct log_store_options *options,
                         struct replay *replay);

/** Close the files and free. */
void segments_close(struct segments *segments);

/**
 * See to it that the next len bytes fit into the segment in use, by beginning
 * the next one if need be.
 *
 * @head  first_index, first_serial and chain of what is written next.
 *
 * Returns NO_SPACE when no segment can be made, or what the device reports.
 */
enum error segments_room(struct segments *segments, size_t len,
                         const struct segment_head *head);

/** Write len bytes, for which there is room, durably. */
enum error segments_write(struct segments *segments, const uint8_t *bytes,
                          size_t len);

/**
 * Prepare the next segment a step further.
 *
 * @filled  Fill it up to here if that is more than one small step.
 *
 * Returns NO_SPACE, with nothing left behind, when it would leave less than
 * the floor to others.
 */
enum error segments_spare_step(struct segments *segments, uint64_t filled);

/** Tell whether a segment waits to be dropped. */
bool segments_can_drop(const struct segments *segments);

/** Drop the oldest segment. */
enum error segments_drop_step(struct segments *segments);

#endif

/* The log in memory, as replaying its records builds it: entries that come, are
 * cut and are dropped behind a snapshot.
 *
 * The first segment that is left may begin in the middle of the log: what lies
 * below the first record is unknown, and is none of it when the log is whole.
 *
 * Thread: any.
 */
#ifndef RAFT_LOG_STORE_IMAGE_H
#define RAFT_LOG_STORE_IMAGE_H

#include "raft/log_store/record.h"

struct image {
    struct log_recovered_entry *entries; /* From head on: first_index ... */
    size_t head;
    size_t n;
    size_t capacity;
    uint64_t first_index;
    uint64_t snapshot_index; /* 0: none. */
    uint64_t snapshot_term;
    struct marker snapshot; /* Its slices are in snapshot_bytes. */
    uint8_t *snapshot_bytes;
};

/** Start with no entries; the first one will have this index. */
void image_init(struct image *image, uint64_t next_index);

/** Free all that was not taken. */
void image_deinit(struct image *image);

/** Tell the index of the next entry. */
uint64_t image_next(const struct image *image);

/**
 * Take up a record. It is the caller's to have seen that it fits: an ENTRY is
 * the next, a TRUNCATE at most the next.
 *
 * Returns NO_MEMORY or NONE.
 */
enum error image_apply(struct image *image, const struct record *record,
                       const struct marker *marker);

/** Cut the entries from index on; below the first, none are left. */
void image_cut(struct image *image, uint64_t index);

/**
 * Move all into what the owner gets; the image is left empty.
 *
 * Returns NULL when memory is out.
 */
struct log_recovered *image_take(struct image *image);

#endif

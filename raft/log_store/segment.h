/* What a segment file is called, how it begins, and which segment holds which
 * index.
 *
 * The first block is a sealed block (block.h), magic "perchlog", with:
 *   offset bytes
 *       40     8  number: 1, 2, 3 ... through the life of the log
 *       48     8  length of the file, bytes
 *       56     8  first index: the next index when the segment was begun
 *       64     8  serial of its first batch
 *       72     4  chain of its first batch
 * A file whose first block is zero has not been begun: a spare, all zero.
 *
 * Thread: any; a table is its owner's.
 */
#ifndef RAFT_LOG_STORE_SEGMENT_H
#define RAFT_LOG_STORE_SEGMENT_H

#include "raft/log_store/block.h"

/* A file by this name is being prepared and holds nothing yet. */
#define SEGMENT_SPARE "spare"

enum { SEGMENT_NAME_BYTES = 32 };

struct segment_head {
    uint64_t number;
    uint64_t bytes;
    uint64_t first_index;
    uint64_t first_serial;
    uint32_t chain;
};

/** Write the name of a segment's file and a NUL. */
void segment_name(uint64_t number, char name[SEGMENT_NAME_BYTES]);

/** Read a segment's number from a file's name; false when it is none. */
bool segment_name_read(const char *name, uint64_t *number_out);

/** Write a segment's first block. */
void segment_head_write(uint8_t block[LOG_BLOCK_BYTES],
                        const struct segment_head *head,
                        const struct log_identity *identity);

/** Read a segment's first block. Returns as block_check. */
enum error segment_head_read(const uint8_t block[LOG_BLOCK_BYTES],
                             const struct log_identity *identity,
                             struct segment_head *head_out);

/** Count the bytes that the longest batch of such a segment may have. */
size_t segment_batch_bytes_max(uint64_t segment_bytes);

/* The segments that there are, oldest first, and from which index on each
 * holds what the log now holds. */
struct segment_table {
    struct {
        uint64_t number;
        uint64_t from; /* Never falls from one segment to the next. */
    } * rows;
    size_t n;
    size_t capacity;
};

/** Free the rows. */
void segment_table_deinit(struct segment_table *table);

/** Add a segment begun when from was the next index. NO_MEMORY or NONE. */
enum error segment_table_begin(struct segment_table *table, uint64_t number,
                               uint64_t from);

/** Follow a cut: what is written next in the last segment has this index. */
void segment_table_cut(struct segment_table *table, uint64_t index);

/** Find the segment that holds an index, or will. There is one segment. */
uint64_t segment_table_find(const struct segment_table *table, uint64_t index);

/** Forget the oldest segment. */
void segment_table_drop_first(struct segment_table *table);

#endif

/* Turns records into an archive's files: what the scribe's jobs do.
 *
 *   pen_open    finds where the files end and reads the tree's open tiles
 *   pen_add     takes records, of rows or of another node, in order
 *   pen_commit  makes durable what became full
 *   pen_partial writes the tiles that are not full, for a checkpoint
 *
 * Full bundles and full tiles are what a restart builds upon; partial ones are
 * for readers alone: the rows of an open bundle stay in the store until it is
 * full.
 *
 * After an error the pen must be opened again: what it holds in memory may be
 * ahead of the files.
 *
 * Thread: one at a time, a worker's: every call may block.
 */
#ifndef NODE_COMPLIANCE_PEN_H
#define NODE_COMPLIANCE_PEN_H

#include <stdbool.h>
#include <stdint.h>

#include "node/compliance/tiler.h"
#include "proto/base/error.h"
#include "proto/record.h"
#include "proto/tlog/note.h"
#include "storage/cursor.h"

enum {
    PEN_ORIGIN_BYTES_MAX = NOTE_NAME_BYTES_MAX + 24, /* With its log index. */
    /* Bundles at the end whose bytes are looked at when the archive is opened:
     * more than one group of files that a crash may have left in part. */
    PEN_TAIL_BUNDLES = 64,
    /* What must stay free on the volume: the log and the store, which may lie
     * there as well, come first. Files that make less remain are NO_SPACE. */
    PEN_RESERVE_BYTES = 64 * 1024 * 1024,
};

struct pen;

/* What the pen has done since it was made. */
struct pen_counts {
    uint64_t bytes;  /* Written. */
    uint64_t files;  /* Likewise. */
    uint64_t mended; /* Files found other than they must be, written anew. */
};

/** Make; nothing is read yet. Stops when memory is out. */
struct pen *pen_new(const char *directory);

/** Free. Accepts NULL. */
void pen_free(struct pen *pen);

/**
 * Find where the files end; pen_size tells.
 *
 * Counts full bundles that have their tile, as far as they follow each other;
 * the last PEN_TAIL_BUNDLES are read and compared. What contradicts itself is
 * the end: it is named in the journal and written again.
 *
 * @most  Bundles at and above are not believed, whatever they say; UINT64_MAX
 *        when all may be.
 *
 * Returns what the device says.
 */
enum error pen_open(struct pen *pen, uint64_t most);

/**
 * Make sure that the files are of this origin, before pen_open: what is of
 * another goes to its own place below origins/, durably.
 *
 * @origin  Its name and, in its second line, the log index it began at: one
 *          name may come again.
 *
 * Returns what the device says.
 */
enum error pen_begin_origin(struct pen *pen, struct slice origin);

/** Count the records the pen has taken, durable or not. */
uint64_t pen_size(const struct pen *pen);

/** Compute the root of these. */
void pen_root(const struct pen *pen, struct merkle_hash *root_out);

/** Borrow the open end of the tree. */
const struct tiler *pen_tiler(const struct pen *pen);

/**
 * Take the rows of records from pen_size on.
 *
 * @upto         Record where to stop.
 * @records_max  That many at most.
 *
 * Returns NOT_FOUND when the next row is not there, ROTTEN for one that is no
 * record of its number, or what the store or the device says.
 */
enum error pen_add_rows(struct pen *pen, struct view *view, uint64_t upto,
                        uint64_t records_max);

/**
 * Take one record.
 *
 * @payload  Of a record that has it beside it; empty: it was purged, or is
 *           there already.
 *
 * Returns ROTTEN for one that is not the next record, else what the device
 * says.
 */
enum error pen_add(struct pen *pen, struct slice record, struct slice payload);

/** Write a record's payload. ROTTEN when its digest is another. */
enum error pen_put_payload(struct pen *pen, const struct record *record,
                           struct slice payload);

/** Tell whether a record's payload is there, and whether it is right. */
enum error pen_has_payload(struct pen *pen, const struct record *record,
                           bool *there_out, bool *right_out);

/** Write a full tile or bundle that was found damaged anew, durably. */
enum error pen_mend(struct pen *pen, int level, uint64_t index,
                    struct slice bytes);

/**
 * Leave a file alone when it is there already, byte for byte: for records whose
 * files may be whole. Costs a read of each.
 */
void pen_compare(struct pen *pen, bool compare);

/** Make durable what has become full. */
enum error pen_commit(struct pen *pen);

/**
 * Write, durably, what a tree of the first size records has that is not full.
 *
 * What was written of smaller trees stays until the tile is full: whoever holds
 * an earlier checkpoint finds what it names. At most 255 for each level's open
 * tile.
 *
 * @size  At most pen_size.
 */
enum error pen_partial(struct pen *pen, uint64_t size);

/** Borrow the counts. */
const struct pen_counts *pen_counts(const struct pen *pen);

#endif

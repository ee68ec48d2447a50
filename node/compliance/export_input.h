/* What an adapter is given for one cut: its lines, made one chunk at a time
 * from the archive's files, so that a cut of any size costs the same memory.
 *
 * The same cut makes the same bytes on every node and every time, but for its
 * settings and folders, which are those of the node and the day: everything
 * else is committed or in the tree.
 *
 * Protocol: ops/adapter/interface.md.
 *
 * Thread: made on the state loop; fed and freed on any one thread, which may
 * block on files.
 */
#ifndef NODE_COMPLIANCE_EXPORT_INPUT_H
#define NODE_COMPLIANCE_EXPORT_INPUT_H

#include "node/chat/archive.h"
#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"

enum {
    EXPORT_INTERFACE = 1, /* Of the first line. */
    /* Made at a time; one record's line may be more. */
    EXPORT_CHUNK_BYTES = 64 * 1024,
};

struct export_input;

/* All is copied. */
struct export_cut {
    struct slice domain; /* Of the pool, which is also its name. */
    struct slice origin;
    const struct adapter_view *adapter;
    const struct cut_view *cut; /* The oldest that waits. */
    struct slice output;        /* Where it may go, on this node. */
    const char *directory;      /* The archive's. */
    /* The published checkpoint: more than the cut. What goes out is held
     * against it. */
    uint64_t size;
    struct merkle_hash root;
};

/** Make the input of a cut. Stops when memory is out. Owned by the caller. */
struct export_input *export_input_new(const struct export_cut *cut);

/** Free. Accepts NULL. */
void export_input_free(struct export_input *input);

/**
 * Append the next lines (adapter_order.feed); nothing when that was all.
 *
 * Returns what tiles_record and tiles_root do, NO_MEMORY, or ROTTEN for files
 * that are not those of the published checkpoint: the cut's root is proved
 * before its first line, its records and payloads before its last.
 */
enum error export_input_feed(void *input, struct buffer *to);

#endif

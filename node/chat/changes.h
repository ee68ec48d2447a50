/* Which rows have changed since they were last written: each once, in key
 * order, however often it changed.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_CHANGES_H
#define NODE_CHAT_CHANGES_H

#include <stddef.h>
#include <stdint.h>

#include "node/chat/rows.h"
#include "proto/base/tree.h"

struct change {
    RB_ENTRY(change) link;
    struct change *next; /* Among the spare ones. */
    struct row_key key;
};

/* In key order. */
RB_HEAD(change_tree, change);

struct changes {
    struct change_tree tree;
    struct change *spare;
    size_t n;
};

/** Start with nothing changed. */
void changes_init(struct changes *changes);

/** Free what is held. */
void changes_deinit(struct changes *changes);

/** Note that the row of these key parts is new, changed or gone. */
void changes_mark(struct changes *changes, enum row_kind kind, uint64_t a,
                  uint64_t b, uint64_t c);

/**
 * Take the first changed row out.
 *
 * Returns false when none is left.
 */
bool changes_take(struct changes *changes, struct row_key *key_out);

/** Forget all changes: the rows are as they were written. */
void changes_forget(struct changes *changes);

#endif

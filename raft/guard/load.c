/* What the disk held at start. */
#include "raft/guard/load.h"

#include <string.h>

static int own_block(struct raft_entry *entry)
{
    void *copy = raft_malloc(entry->buf.len == 0 ? 1 : entry->buf.len);

    if (copy == NULL) {
        return RAFT_NOMEM;
    }
    if (entry->buf.len > 0) {
        memcpy(copy, entry->buf.base, entry->buf.len);
    }
    entry->buf.base = copy;
    entry->batch = NULL;
    return 0;
}

/* Rule UNBATCH: logRelease and destroyEntry free a batch when no entry of it is
 * in the log any more, though sends may still read it (isBatchReferenced does
 * not look at them). An entry with a block of its own is freed by its own
 * count. */
static int unbatch(struct guard *guard, struct raft_entry *entries, size_t n)
{
    void *batch = NULL; /* To be freed when its last entry is copied. */

    for (size_t i = 0; i < n; i++) {
        if (entries[i].batch == NULL) {
            continue;
        }
        if (batch != NULL && batch != entries[i].batch) {
            raft_free(batch);
        }
        batch = entries[i].batch;
        if (own_block(&entries[i]) != 0) {
            return RAFT_NOMEM; /* The node does not start; nothing is lost. */
        }
        guard_acted(guard, GUARD_UNBATCH);
    }
    raft_free(batch);
    return 0;
}

int guard_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
               struct raft_snapshot **snapshot, raft_index *start_index,
               struct raft_entry *entries[], size_t *n_entries)
{
    struct guard *guard = io->impl;
    int rv = guard->inner->load(guard->inner, term, voted_for, snapshot,
                                start_index, entries, n_entries);

    if (rv != 0) {
        return rv;
    }
    guard->vote_term = *term;
    guard->vote = *voted_for;
    if (!guard_on(guard, GUARD_UNBATCH)) {
        return 0;
    }
    return unbatch(guard, *entries, *n_entries);
}

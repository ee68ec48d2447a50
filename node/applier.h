/* What the halves of the applier share: apply.c and apply_work.c. Private to
 * them.
 *
 * Thread: state loop; a job's part of it belongs to the worker while it runs.
 */
#ifndef NODE_APPLIER_H
#define NODE_APPLIER_H

#include "node/apply.h"
#include "node/digest.h"
#include "node/record_rows.h"
#include "proto/base/worker.h"

struct applier {
    struct applier_settings settings;
    struct applier_events events;
    struct replica *replica;

    struct generation *generation;
    struct store *store;
    struct machine *machine;
    struct digest digest;
    struct record_rows records;
    uint64_t applied_index;
    bool stopped; /* fatal was told. */

    struct batch *batch;
    struct arena *arena;     /* Of the entry at hand. */
    struct effects effects;  /* Likewise. */
    struct buffer scratch;   /* A row's value. */
    size_t entry_bytes;      /* In the batch. */
    size_t entries;          /* Likewise. */
    struct worker *worker;   /* Flush, checkpoint, restore. */
    struct restore *restore; /* Asked for and not yet begun. */
    struct applier_meters meters;
};

/** Stop: tell fatal, once, and apply no more. */
void applier_fail(struct applier *applier, enum error error,
                  const char *reason);

/* A store and the state that its rows say. */
struct loaded {
    struct store *store; /* NULL: nothing is loaded. */
    struct machine *machine;
    struct record_rows records;
    uint64_t digest;
};

/** Open the current generation's store and load its state. */
enum error applier_load(struct applier *applier, struct loaded *loaded_out);

/** Take over what applier_load gave. */
void applier_adopt(struct applier *applier, const struct loaded *loaded);

/** Free what applier_load gave and nobody has taken over. */
void applier_drop(struct loaded *loaded);

#endif

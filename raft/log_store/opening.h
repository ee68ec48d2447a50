/* From the files of a log to a store that may write: read all, judge, and only
 * when nothing is wrong make good what a crash left behind.
 *
 * Thread: the opener's.
 */
#ifndef RAFT_LOG_STORE_OPENING_H
#define RAFT_LOG_STORE_OPENING_H

#include "raft/log_store/writer.h"

/* What an opening yields; all owned. */
struct opening {
    struct device *device; /* For ballots, on the loop. */
    struct vote_file *votes;
    struct ballot ballot;
    struct device *writer_device; /* The worker's. */
    struct writer *writer;
    struct log_recovered *recovered;
};

/**
 * Open.
 *
 * @options  Complete: no defaults left to fill in.
 *
 * Returns as log_store_open. opening_undo when it is not NONE.
 */
enum error opening_run(struct opening *opening,
                       const struct log_store_options *options,
                       struct log_damage *damage);

/** Close and free all. */
void opening_undo(struct opening *opening);

#endif

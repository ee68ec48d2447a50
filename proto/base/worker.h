/* Work that may block, done beside a loop, in order.
 *
 * Thread: all but job.run on the loop's thread; job.run on the worker's own.
 */
#ifndef PROTO_BASE_WORKER_H
#define PROTO_BASE_WORKER_H

#include <bsd/sys/queue.h>

#include "proto/base/loop.h"

/* One piece of work. The caller embeds it and keeps it until done. */
struct job {
    void (*run)(struct job *job);  /* On the worker's thread. */
    void (*done)(struct job *job); /* Then on the loop's thread. */
    STAILQ_ENTRY(job) link;
};

struct worker;

/**
 * Start a worker.
 *
 * @name  Shown by ps and in the journal; 15 characters at most.
 *
 * Returns NULL when memory or threads are out. Owned by the caller.
 */
struct worker *worker_new(struct loop *loop, const char *name);

/** Queue a job; jobs run one at a time in the order they were given. */
void worker_submit(struct worker *worker, struct job *job);

/** Count jobs given and not yet done. */
size_t worker_pending(const struct worker *worker);

/**
 * Finish the jobs at hand, stop and free. Blocks until run has returned for
 * each; done is called for each before this returns. Accepts NULL.
 */
void worker_free(struct worker *worker);

#endif

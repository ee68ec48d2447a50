/* One run: the directory is read, the pool is read, what differs is judged and
 * applied. At any point it may be killed: what was committed is there, and the
 * next run finds what is left.
 *
 * READING --all came--> judged --not too much, or confirmed--> APPLYING -> DONE
 *    |                    |                                       |
 *    +--half an answer    +--too much: HELD                       +--FAILED
 *       or none: FAILED
 *
 * Where a run stands is told to the pool, so that it is seen from any node.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_RUN_H
#define OPS_DIRECTORY_RUN_H

#include <jansson.h>
#include <stdio.h>

#include "ops/directory/pool.h"
#include "ops/directory/settings.h"

enum {
    RUN_LEASE_S = 120,      /* Renewed three times in it. */
    RUN_PAUSE_MS = 500,     /* Before the pool is asked again. */
    RUN_TEXT_BYTES = 256,   /* No more characters than a report takes. */
    RUN_REFUSALS_TOLD = 20, /* By name, in one run. */
};

/* How a run ended: the program's exit codes, as ops/README.md has them. */
enum run_end {
    RUN_DONE = 0,
    RUN_FAILED = 1,      /* Refused, or half an answer: nothing is taken away */
    RUN_UNREACHABLE = 3, /* The directory, or the node. */
    RUN_NO_LEADER = 4,
    RUN_HELD = 5, /* Too much would go: see perchctl directory status. */
    RUN_BUSY,     /* Another adapter has the lease: told as failed. */
};

struct run {
    const struct directory_settings *settings;
    struct pool pool;
    bool dry_run;
    struct roster wanted, held;
    struct difference difference;
    char name[GUARD_RUN_BYTES]; /* What it takes away; empty: nothing. */
    char text[RUN_TEXT_BYTES];  /* Why it ended as it did. */
    size_t too_much;            /* Shares that are exceeded. */
    size_t applied, refused;
    enum run_end end;

    /* The run's own. */
    bool confirmed;
    char held_run[GUARD_RUN_BYTES]; /* What waits for a word in the pool. */
    char file[4096];
    uint64_t renewed_ms;
    size_t n_refused;
    const char *refused_uris[RUN_REFUSALS_TOLD];
};

/**
 * Read, judge and apply.
 *
 * @dry_run  Only read and judge; nothing is told to the pool.
 *
 * Returns how it ended; run_deinit frees what it read.
 */
enum run_end run_once(const struct directory_settings *settings, bool dry_run,
                      struct run *run);

/** Free what a run has read. */
void run_deinit(struct run *run);

#endif

/* Clients in rooms, posting in turn: what posts, fanout and overload share.
 *
 * Thread: the main thread.
 */
#ifndef OPS_BENCH_POSTING_H
#define OPS_BENCH_POSTING_H

#include "ops/bench/bench.h"
#include "ops/bench/crowd.h"
#include "ops/bench/pump.h"
#include "ops/bench/tracker.h"

enum posting_pump {
    POSTING_POSTS,
    POSTING_SIGN_INS, /* Of newcomers, who then go. */
    POSTING_PUMPS
};

struct posting {
    const struct bench *bench;
    struct rooms rooms;
    struct crowd *crowd;
    struct tracker tracker;
    struct pump pumps[POSTING_PUMPS];
    size_t sessions;
    size_t active;   /* So many of them post, in turn. */
    size_t next;     /* Whose turn it is. */
    uint64_t losses; /* Connections lost after sign-in. */
};

/**
 * Sign so many clients in, client i in room i modulo rooms.
 *
 * Returns an error with a complaint; posting_close is due even then.
 */
enum error posting_open(struct posting *posting, const struct bench *bench,
                        unsigned sessions, unsigned rooms);

/**
 * Measure with the pumps' window or rate as set by the caller.
 *
 * @figures  Of each of the first n pumps; the others rest.
 */
enum error posting_measure(struct posting *posting, struct figures *figures,
                           size_t n);

/** Sign out by closing, and free. Accepts a zeroed one. */
void posting_close(struct posting *posting);

#endif
